import { describeFanOut } from './fan-out.contract.ts'

describeFanOut({
  name: 'within one process',
  canLose: false,
  create: async () =>
    await Promise.resolve({
      nodes: 1,
      adapter: async () => await Promise.resolve({ adapter: undefined, close: async () => {} }),
      lose: async (publish) => await Promise.resolve(publish()),
      close: async () => {},
    }),
})
