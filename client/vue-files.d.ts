// For tools that do not read components; vue-tsc does, and takes their own types.
declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  const component: DefineComponent
  export default component
}
