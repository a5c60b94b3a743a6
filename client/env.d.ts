/// <reference types="vite/client" />
/// <reference types="@nuxt/ui/vue-plugin" />
import 'vue-router'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's title in the locales. */
    title?: string
    /** Shown without navigation. */
    bare?: boolean
    /** May be opened without a login: what it shows is asked for by a watch token. */
    open?: boolean
    superuser?: boolean
  }
}
