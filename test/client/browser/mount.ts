import ui from '@nuxt/ui/vue-plugin'
import { createPinia } from 'pinia'
import { cleanup, render } from 'vitest-browser-vue'
import { defineComponent, h } from 'vue'
import type { Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Router } from 'vue-router'
import { createMessages, loadMessages } from '../../../client/i18n.ts'
import type { LocaleCode } from '../../../client/i18n.ts'
import '../../../client/style.css'
import App from './TestApp.vue'

export { cleanup }

const blank = defineComponent({ render: () => h('p', 'elsewhere') })

/** A page or component as in the application: with its stores, texts and addresses, of which there are as many as tests need. */
export async function mount(
  component: Component,
  props: Record<string, unknown> = {},
  path = '/',
  locale: LocaleCode = 'en',
): Promise<{ router: Router; screen: Awaited<ReturnType<typeof render>> }> {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:rest(.*)*', name: path.startsWith('/imports/') ? 'import' : 'any', component: blank }],
  })
  await router.push(path)
  const messages = createMessages(locale)
  messages.global.setLocaleMessage(locale, await loadMessages(locale))
  const screen = await render(App, { props: { component, inner: props }, global: { plugins: [createPinia(), messages, router, ui] } })
  return { router, screen }
}
