export * from './errors.ts'
export * from './events.ts'
export * from './paths.ts'
export * from './views.ts'
