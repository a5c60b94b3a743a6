// Runs in the page: notes for each paced line of the log how long after it was sent it first stood in the document, in milliseconds.
const arrived = {}
globalThis.arrived = arrived
new MutationObserver(() => {
  const now = Date.now()
  for (const row of document.querySelectorAll('[role=log] [data-seq]')) {
    const [, line, sent] = /line (\d+) of \d+, sent (\d{13})/.exec(row.textContent ?? '') ?? []
    if (line !== undefined) arrived[line] ??= now - Number(sent)
  }
}).observe(document, { childList: true, subtree: true, characterData: true })
