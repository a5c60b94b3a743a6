/**
 * Node strips types by WebAssembly, in each thread by itself. Once such a thread has called the same function of JavaScript a thousand times, V8 compiles a
 * wrapper of its own for it, which threads share: one that ends just then frees it under another, and the whole process ends by a segmentation fault (V8 13.6
 * of Node 24.21; `Runtime_TierUpWasmToJSWrapper` → `NativeModule::FreeCode`). The wrapper that fits all functions is as quick here: with this flag it stays.
 */
export const genericWrappers = '--wasm-wrapper-tiering-budget=2147483647'
