import { defineStore } from 'pinia'
import type { StartAnswer } from '../../shared/protocol/views.ts'
import * as api from '../api/imports.ts'
import { ApiError } from '../api/request.ts'
import { startImport } from '../api/start-import.ts'
import type { StartForm, Upload } from '../api/start-import.ts'
import { useSession } from './session.ts'
import { useWatches } from './watches.ts'

/** What came of a start. `refused`: certainly nothing was started. `unknown`: no answer came, the same start again joins what may have been started. */
export type StartResult =
  | { type: 'going'; answer: StartAnswer }
  | { type: 'recent'; importId: string }
  | { type: 'refused' | 'unknown'; error: ApiError }

/** What people do to import sessions: start, cancel, let go on, try again, look at what was rejected. */
export const useImports = defineStore('imports', () => {
  const session = useSession()
  const watches = useWatches()

  /** Starts a run, and watches it from the first moment. */
  async function start(form: StartForm, upload: Upload): Promise<StartResult> {
    try {
      const answer = await session.guard(startImport(form, upload))
      watches.open(answer.import.id, answer.watch.token)
      return { type: 'going', answer }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.code !== 'recently_finished') return { type: error.nothingDone ? 'refused' : 'unknown', error }
      const { importId } = error.details
      return { type: 'recent', importId: typeof importId === 'string' ? importId : '' }
    }
  }

  async function cancel(importId: string): Promise<void> {
    await session.guard(api.cancelImport(importId))
  }

  async function goOn(importId: string): Promise<void> {
    await session.guard(api.continueImport(importId))
  }

  async function retry(importId: string, only: 'failed' | 'all'): Promise<void> {
    await session.guard(api.retryImport(importId, only))
    watches.byId.get(importId)?.resume()
  }

  async function rejected(importId: string, limit: number): ReturnType<typeof api.getRejected> {
    return await api.getRejected(importId, limit, watches.byId.get(importId)?.reading() ?? {})
  }

  return { start, cancel, goOn, retry, rejected }
})
