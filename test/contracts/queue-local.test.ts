import { pino } from 'pino'
import { LocalQueue } from '../../server/jobs/local-queue.ts'
import { describeQueue } from './queue.contract.ts'

describeQueue({
  name: 'in this process',
  capabilities: { shared: false },
  create: async () => ({
    open: async ({ concurrency = 2 }) => new LocalQueue(concurrency, pino({ level: 'silent' })),
    cut: async () => {},
    close: async () => {},
  }),
})
