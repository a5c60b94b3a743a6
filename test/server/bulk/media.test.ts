import { Readable } from 'node:stream'
import {
  ALL_FORMATS,
  BufferSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedPacketSink,
  Input,
  MkvOutputFormat,
  MovOutputFormat,
  Mp3OutputFormat,
  Mp4OutputFormat,
  OggOutputFormat,
  Output,
  WavOutputFormat,
  WebMOutputFormat,
} from 'mediabunny'
import type { AudioCodec, OutputFormat } from 'mediabunny'
import { describe, expect, it } from 'vitest'
import { withEdits } from '../../../server/importers/bulk/copies/edits.ts'
import { findPlace, mayBearMark } from '../../../server/importers/bulk/copies/find-place.ts'
import { markText, readMark } from '../../../server/importers/bulk/copies/mark.ts'

const mark = { importId: 'bulk_1763706660000_Zk3p-_x', accountId: 'account_abc-DEF_1', shortId: 'k3j9x2m4q1' }
const rate = 48_000

/** A packet of that codec: what is in it is compared, not heard. An MP3 packet has a header that says how long it is. */
function packetOf(codec: AudioCodec, index: number): Uint8Array {
  if (codec !== 'mp3') return new Uint8Array(400).fill(index + 1)
  const frame = new Uint8Array(384).fill(index)
  frame.set([0xff, 0xfb, 0x94, 0x00])
  return frame
}

async function recording(format: OutputFormat, codec: AudioCodec, tagged: boolean): Promise<Buffer> {
  const target = new BufferTarget()
  const output = new Output({ format, target })
  const source = new EncodedAudioPacketSource(codec)
  output.addAudioTrack(source)
  if (tagged) output.setMetadataTags({ title: 'A title that stays', comment: 'A comment that stays' })
  await output.start()
  // RFC 7845, 5.1: version, channels, samples to skip, rate, gain, one stream.
  const description = Buffer.from('4f70757348656164010238010080bb000000000000'.slice(0, 38), 'hex')
  const decoderConfig = { codec, numberOfChannels: 2, sampleRate: rate, ...(codec === 'opus' && { description }) }
  const seconds = codec === 'pcm-s16' ? 100 / rate : codec === 'mp3' ? 1152 / rate : 0.02
  for (let index = 0; index < 60; index++)
    await source.add(new EncodedPacket(packetOf(codec, index), 'key', index * seconds, seconds), { decoderConfig })
  await output.finalize()
  return Buffer.from(target.buffer!)
}

async function read(bytes: Buffer) {
  const input = new Input({ source: new BufferSource(new Uint8Array(bytes)), formats: ALL_FORMATS })
  const [track] = await input.getAudioTracks()
  const sink = new EncodedPacketSink(track!)
  const packets: unknown[] = []
  for await (const { data, timestamp, duration, type } of sink.packets())
    packets.push({ data: Buffer.from(data).toString('hex'), timestamp, duration, type })
  const { title, comment, raw } = await input.getMetadataTags()
  return { packets, duration: await input.computeDuration(), title, comment, raw }
}

async function marked(bytes: Buffer): Promise<Buffer | null> {
  const source = { size: bytes.length, head: bytes, read: async (start: number, end: number) => bytes.subarray(start, end) }
  const edits = await findPlace(source, mark)
  if (edits) expect(mayBearMark(bytes)).toBe(true)
  const pieces = Readable.from([bytes.subarray(0, 100), bytes.subarray(100)]) as AsyncIterable<Buffer>
  return edits && Buffer.concat(await Readable.from(withEdits(pieces, edits)).toArray())
}

describe('a copy of a recording plays the same, and says whose it is', () => {
  it.each([
    ['MP4', new Mp4OutputFormat(), 'opus'],
    ['MP4 with its index in front', new Mp4OutputFormat({ fastStart: 'in-memory' }), 'opus'],
    ['MP4 in fragments', new Mp4OutputFormat({ fastStart: 'fragmented' }), 'opus'],
    ['QuickTime', new MovOutputFormat(), 'pcm-s16'],
    ['Matroska', new MkvOutputFormat(), 'opus'],
    ['Matroska without a length', new MkvOutputFormat({ appendOnly: true }), 'opus'],
    ['WebM', new WebMOutputFormat(), 'opus'],
    ['WAV', new WavOutputFormat(), 'pcm-s16'],
    ['Ogg', new OggOutputFormat(), 'opus'],
    ['MP3', new Mp3OutputFormat(), 'mp3'],
  ] as const)('in %s', async (_kind, format, codec) => {
    for (const tagged of [true, false]) {
      const original = await recording(format, codec, tagged)
      const copy = await marked(original)
      if (!copy) throw new Error('it takes no mark')
      expect(readMark(copy.toString('latin1'))).toEqual(mark)
      const [before, after] = [await read(original), await read(copy)]
      expect(before.packets.length).toBeGreaterThan(0)
      expect(after.packets).toEqual(before.packets)
      expect(after).toMatchObject({ duration: before.duration, title: before.title })
      // It is made again as it was, and knows its own mark alone.
      expect((await marked(original))!.equals(copy)).toBe(true)
    }
  })

  it('as a tag that programs show, where the kind of file has one', async () => {
    const text = markText(mark)
    const tagOf = async (format: OutputFormat, codec: AudioCodec) =>
      JSON.stringify((await read((await marked(await recording(format, codec, false)))!)).raw)
    expect(await tagOf(new OggOutputFormat(), 'opus')).toContain(text)
    expect(await tagOf(new WavOutputFormat(), 'pcm-s16')).toContain(text)
    expect(await tagOf(new Mp3OutputFormat(), 'mp3')).toContain(text)
  })
})
