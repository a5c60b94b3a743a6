import vue from 'eslint-plugin-vue'
import accessibility from 'eslint-plugin-vuejs-accessibility'

/** Templates of components alone: their scripts, and everything else, are oxlint's. */
export default [
  { ignores: ['dist/**', 'data/**', '**/*.{js,ts,mjs}'] },
  ...vue.configs['flat/recommended'],
  ...accessibility.configs['flat/recommended'],
  {
    files: ['client/**/*.vue'],
    languageOptions: { parserOptions: { parser: false } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // The formatter's.
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-indent': 'off',
      'vue/html-self-closing': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      // Expressions are TypeScript, which the type checker parses.
      'vue/no-parsing-error': 'off',
      // An input inside of its label needs no id as well.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      // What a log line or a file name says is never markup.
      'vue/no-v-html': 'error',
      'vue/no-bare-strings-in-template': ['error', { allowlist: '()[]{}.,:;|/&+-–—−×·•…→←#%*\u00a0'.split('') }],
      'vue/no-empty-component-block': 'error',
      'vue/no-template-target-blank': 'error',
      'vue/no-useless-mustaches': 'error',
      'vue/no-useless-v-bind': 'error',
      'vue/prefer-true-attribute-shorthand': 'error',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/component-name-in-template-casing': ['error', 'PascalCase'],
      'vue/multi-word-component-names': 'off',
    },
  },
]
