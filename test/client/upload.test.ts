import { describe, expect, it } from 'vitest'
import { filesByThemselves } from '../../client/upload/files-by-themselves.ts'
import { inTurns } from '../../client/upload/in-turns.ts'
import { RateMeter } from '../../client/upload/rate-meter.ts'
import { UploadMemory } from '../../client/upload/upload-memory.ts'
import { ProgressSum } from '../../client/upload/upload-progress.ts'
import type { UploadProgress } from '../../client/upload/upload-progress.ts'

const mib = 1024 * 1024
const fileOf = (name: string, size: number, lastModified = 1) => ({ name, size, lastModified, webkitRelativePath: '' }) as File
const names = (files: File[]) => files.map(({ name }) => name)

describe('files of a start', () => {
  it('go by themselves when they are large, or more than a form may hold', () => {
    expect(names(filesByThemselves([fileOf('a', 64 * mib), fileOf('b', 64 * mib + 1), fileOf('c', 1)]))).toEqual(['b'])
    const many = Array.from({ length: 40 }, (_, at) => fileOf(`f${at}`, (at + 1) * mib))
    expect(filesByThemselves(many)).toEqual([])
    const more = [...many, ...many]
    const left = more.length - filesByThemselves(more).length
    expect(filesByThemselves(more)[0]?.size).toBe(40 * mib)
    expect(left).toBeGreaterThan(40)
  })

  it('are counted in all and each by itself, also those in a form', () => {
    const told: [UploadProgress, boolean][] = []
    const first = fileOf('a', 100)
    const files = [first, fileOf('b', 50), fileOf('c', 50)]
    const sum = new ProgressSum(files, (progress, jumped) => told.push([progress, jumped]))
    sum.set(first, 40, true)
    expect(told.at(-1)).toEqual([{ sent: 40, total: 200, files: [{ name: 'a', size: 100, sent: 40 }, expect.anything(), expect.anything()] }, true])
    sum.setForm(files.slice(1), 0.75)
    expect(told.at(-1)?.[0].files.map(({ sent }) => sent)).toEqual([40, 50, 25])
  })

  it('are worked on some at a time; the first failure stops the others', async () => {
    const stopped: string[] = []
    const work = async (item: string, stop: AbortSignal) => {
      if (item === 'bad') throw new Error('bad')
      await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()))
      stopped.push(item)
    }
    await expect(inTurns(['one', 'bad', 'never'], 2, undefined, work)).rejects.toThrow('bad')
    expect(stopped).toEqual(['one'])
  })
})

describe('the rate of an upload', () => {
  it('is what went lately, and counts nothing that the server had before', () => {
    const meter = new RateMeter()
    expect(meter.measure(500, 1000, 0, true)).toEqual({ rate: null, etaMs: null })
    expect(meter.measure(600, 1000, 2000)).toEqual({ rate: 50, etaMs: 8000 })
    // After a cut it begins anew.
    expect(meter.measure(550, 1000, 3000)).toEqual({ rate: null, etaMs: null })
    expect(meter.measure(750, 1000, 5000)).toEqual({ rate: 100, etaMs: 2500 })
  })
})

describe('the memory of uploads', () => {
  const storage = () => {
    const kept = new Map<string, string>()
    return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), kept }
  }

  it('knows the same file again, and no other', () => {
    const place = storage()
    new UploadMemory(place).keep(fileOf('a', 5), 'upload_1')
    const memory = new UploadMemory(place)
    expect(memory.find(fileOf('a', 5))).toBe('upload_1')
    for (const other of [fileOf('b', 5), fileOf('a', 6), fileOf('a', 5, 2)]) expect(memory.find(other)).toBeUndefined()
    memory.forget(fileOf('a', 5))
    expect(memory.find(fileOf('a', 5))).toBeUndefined()
  })

  it('stays small, and forgets what it can’t read', () => {
    const place = storage()
    const memory = new UploadMemory(place)
    for (let at = 0; at < 600; at++) memory.keep(fileOf(`${at}`, at), `upload_${at}`)
    expect(memory.find(fileOf('0', 0))).toBeUndefined()
    expect(memory.find(fileOf('599', 599))).toBe('upload_599')
    for (const key of place.kept.keys()) place.kept.set(key, '{"broken')
    expect(memory.find(fileOf('599', 599))).toBeUndefined()
  })
})
