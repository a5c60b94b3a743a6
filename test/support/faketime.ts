import { globSync } from 'node:fs'

/** The library that gives a process another clock, for programs of several threads; null where it is not installed. */
const library = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1').at(0) ?? null

export const hasFaketime = library !== null

/** Settings of a process whose clock is so many hours off, like `+3`. What it waits for goes by the right one. */
export function wrongClock(hours: string): Record<string, string> {
  return { LD_PRELOAD: library ?? '', FAKETIME: `${hours}h`, FAKETIME_DONT_FAKE_MONOTONIC: '1' }
}
