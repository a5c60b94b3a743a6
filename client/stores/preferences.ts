import { defineStore } from 'pinia'
import { computed, ref, watchEffect } from 'vue'
import { locales } from '../i18n.ts'
import type { LocaleCode } from '../i18n.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** Language and theme of this device. `first-paint.js` reads the same keys before anything is drawn. */
export const usePreferences = defineStore('preferences', () => {
  const locale = ref<LocaleCode>(choose(read('intake.locale') ?? navigator.language.slice(0, 2), locales))
  const theme = ref<Theme>(choose(read('intake.theme'), themes))
  const prefersDark = matchMedia('(prefers-color-scheme: dark)')
  const systemDark = ref(prefersDark.matches)
  prefersDark.addEventListener('change', (event) => (systemDark.value = event.matches))

  const dark = computed(() => theme.value === 'dark' || (theme.value === 'system' && systemDark.value))
  const dir = computed(() => (locale.value === 'ar' ? 'rtl' : 'ltr'))

  watchEffect(() => {
    const { documentElement: root } = document
    root.classList.toggle('dark', dark.value)
    root.lang = locale.value
    root.dir = dir.value
  })

  function setLocale(code: LocaleCode): void {
    locale.value = code
    write('intake.locale', code)
  }

  function setTheme(chosen: Theme): void {
    theme.value = chosen
    write('intake.theme', chosen)
  }

  return { locale, theme, dark, dir, setLocale, setTheme }
})

function choose<T extends string>(value: string | null, choices: readonly [T, ...T[]]): T {
  return choices.find((choice) => choice === value) ?? choices[0]
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // A browser that refuses to store forgets the choice; nothing else depends on it.
  }
}
