import { pino } from 'pino'
import { LocalQueue } from '../../server/jobs/local-queue.ts'
import { describeQueue } from './queue.contract.ts'

describeQueue({ name: 'in this process', create: async ({ concurrency }) => new LocalQueue(concurrency, pino({ level: 'silent' })) })
