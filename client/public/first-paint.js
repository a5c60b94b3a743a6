// Before the first paint: theme and direction as they were chosen, so that nothing flashes. A file of its own: the page allows no inline scripts.
;(() => {
  const read = (key) => {
    try {
      return localStorage.getItem(key)
    } catch {
      return null
    }
  }
  const theme = read('intake.theme')
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  const locale = read('intake.locale') ?? navigator.language.slice(0, 2)
  document.documentElement.classList.toggle('dark', dark)
  document.documentElement.lang = ['en', 'ru', 'ar'].includes(locale) ? locale : 'en'
  document.documentElement.dir = locale === 'ar' ? 'rtl' : 'ltr'
})()
