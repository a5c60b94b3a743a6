type Cookie = { name: string; value: string; path: string; attributes: string[] }

/** Cookies of one site, as a browser keeps them: sent to what lies under their path, gone when they are ended. */
export class CookieJar {
  #cookies: Cookie[] = []

  /** Takes over what an answer sets. */
  take(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const cookie = parseSetCookie(line)
      this.#cookies = this.#cookies.filter(({ name, path }) => name !== cookie.name || path !== cookie.path)
      const ended = cookie.attributes.some((text) => /^expires=/i.test(text) && Date.parse(text.slice(8)) <= Date.now())
      if (!ended) this.#cookies.push(cookie)
    }
  }

  /** The `Cookie` header for a path, longer cookie paths first. */
  header(path: string): string {
    const fitting = this.#cookies.filter((cookie) => cookie.path === '/' || path === cookie.path || path.startsWith(`${cookie.path}/`))
    return fitting
      .toSorted((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  /** A cookie's value; null when there is none of that name. */
  value(name: string): string | null {
    return this.#cookies.find((cookie) => cookie.name === name)?.value ?? null
  }

  set(name: string, value: string): void {
    this.#cookies.push({ name, value, path: '/', attributes: [] })
  }

  remove(name: string): void {
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name)
  }
}

function parseSetCookie(line: string): Cookie {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const cut = pair.indexOf('=')
  const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? '/'
  return { name: pair.slice(0, cut), value: pair.slice(cut + 1), path, attributes }
}
