import { addAPIProvider } from '@iconify/vue'
import ui from '@nuxt/ui/vue-plugin'
import { createPinia } from 'pinia'
import { createApp, watch } from 'vue'
import App from './App.vue'
import { createMessages, loadMessages } from './i18n.ts'
import { createPages } from './router.ts'
import { usePreferences } from './stores/preferences.ts'
import './style.css'

/** Puts the page together. */
async function mount(): Promise<void> {
  // All icons are in the bundle; one that is not shall be missing, not asked of the network.
  addAPIProvider('', { resources: [] })
  const app = createApp(App).use(createPinia())
  const preferences = usePreferences()
  const messages = createMessages(preferences.locale)

  watch(
    () => preferences.locale,
    async (locale) => {
      messages.global.setLocaleMessage(locale, await loadMessages(locale))
      messages.global.locale.value = locale
    },
  )
  messages.global.setLocaleMessage(preferences.locale, await loadMessages(preferences.locale))
  app.use(messages).use(createPages()).use(ui)
  app.mount('#app')
}

void mount()
