import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = import.meta.dirname
const server = 'http://127.0.0.1:3000'

export default defineConfig({
  root: `${here}/client`,
  plugins: [
    vue(),
    ui({
      root: here,
      autoImport: false,
      colorMode: false,
      components: { dts: `${here}/client/components.d.ts`, dirs: [] },
      // Every icon is in the bundle: nothing is asked of the network.
      icon: { clientBundle: { scan: { globInclude: ['client/**/*.{vue,ts}'] }, sizeLimitKb: 0 } },
      experimental: { componentDetection: true },
      ui: {
        colors: { primary: 'blue', secondary: 'violet', success: 'emerald', info: 'sky', warning: 'amber', error: 'red', neutral: 'zinc' },
        // The library's own hover is too pale to be read on.
        button: {
          compoundVariants: [
            { color: 'primary', variant: 'solid', class: 'hover:bg-primary/90 active:bg-primary/90' },
            { color: 'error', variant: 'solid', class: 'hover:bg-error/90 active:bg-error/90' },
          ],
        },
      },
    }),
    // Messages are compiled here, so that the page needs no `eval`.
    vueI18n({ include: [`${here}/client/locales/**`], runtimeOnly: true, strictMessage: true }),
  ],
  build: { outDir: `${here}/dist/client`, emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 900 },
  server: {
    proxy: {
      // Modules of the page lie under /api as well: `client/api/*.ts`.
      '^/api/(?![^?]*\\.ts(\\?|$))': server,
      '/socket.io': { target: server, ws: true },
    },
  },
})
