import path from 'node:path'
import type { Page } from '@playwright/test'
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  OggOutputFormat,
  Output,
  WebMOutputFormat,
} from 'mediabunny'
import type { OutputFormat, VideoCodec } from 'mediabunny'

/** Packets that an encoder of the browser made, as text. */
type Encoded = { codec: string; description: string | null; packets: { data: string; key: boolean; us: number; durationUs: number }[] }

export type MediaFile = { name: string; kind: 'image' | 'video' | 'audio'; type: string; bytes: Uint8Array<ArrayBuffer> }

/** Moments of the films, in seconds: a new colour each. */
const moments = [0.15, 0.55, 0.95]

/** Lets pages that are opened from now on make and decode media. */
export async function withMedia(page: Page): Promise<void> {
  await page.addInitScript({ path: path.join(import.meta.dirname, 'page-media.js') })
}

/** What a file looks or sounds like once the browser decoded it, its duration first where it has one: a picture's pixels, those of a film at its moments, all samples. */
export async function decoded(page: Page, url: string, kind: MediaFile['kind']): Promise<string[]> {
  return await ask<string[]>(page, 'decoded', { url, kind, times: moments })
}

async function ask<T>(page: Page, what: string, about?: unknown): Promise<T> {
  return await page.evaluate<T>(`pageMedia.${what}(${JSON.stringify(about)})`)
}

/** A file of each kind that bears a mark, made by the encoders of a browser, and by hand where it has none. */
export async function mediaFiles(page: Page): Promise<MediaFile[]> {
  const film = await ask<Encoded>(page, 'encodeVideo', ['avc1.42001f', 'vp09.00.10.08'])
  const [web, tone] = [await ask<Encoded>(page, 'encodeVideo', ['vp8']), await ask<Encoded>(page, 'encodeTone')]
  const picture = async (type: string) => Uint8Array.from(Buffer.from(await ask<string>(page, 'drawPicture', type), 'base64'))
  return [
    { name: 'film.mp4', kind: 'video', type: 'video/mp4', bytes: await filmOf(film, new Mp4OutputFormat({ fastStart: false })) },
    { name: 'index in front.mp4', kind: 'video', type: 'video/mp4', bytes: await filmOf(film, new Mp4OutputFormat({ fastStart: 'in-memory' })) },
    { name: 'film.webm', kind: 'video', type: 'video/webm', bytes: await filmOf(web, new WebMOutputFormat()) },
    { name: 'tone.ogg', kind: 'audio', type: 'audio/ogg', bytes: await toneOf(tone) },
    { name: 'tone.wav', kind: 'audio', type: 'audio/wav', bytes: wave() },
    { name: 'silence.mp3', kind: 'audio', type: 'audio/mpeg', bytes: silentMp3() },
    { name: 'picture.png', kind: 'image', type: 'image/png', bytes: await picture('image/png') },
    { name: 'picture.jpg', kind: 'image', type: 'image/jpeg', bytes: await picture('image/jpeg') },
  ]
}

const descriptionOf = ({ description }: Encoded) => (description === null ? {} : { description: Uint8Array.from(Buffer.from(description, 'base64')) })

function* packetsOf({ packets }: Encoded): Generator<EncodedPacket> {
  for (const { data, key, us, durationUs } of packets)
    yield new EncodedPacket(Uint8Array.from(Buffer.from(data, 'base64')), key ? 'key' : 'delta', us / 1e6, durationUs / 1e6)
}

async function filmOf(encoded: Encoded, format: OutputFormat): Promise<Uint8Array<ArrayBuffer>> {
  const target = new BufferTarget()
  const output = new Output({ format, target })
  const codecs: Record<string, VideoCodec> = { avc1: 'avc', vp09: 'vp9', vp8: 'vp8' }
  const source = new EncodedVideoPacketSource(codecs[encoded.codec.split('.')[0]!]!)
  output.addVideoTrack(source)
  await output.start()
  const decoderConfig = { codec: encoded.codec, codedWidth: 64, codedHeight: 48, ...descriptionOf(encoded) }
  for (const packet of packetsOf(encoded)) await source.add(packet, { decoderConfig })
  await output.finalize()
  return new Uint8Array(target.buffer!)
}

async function toneOf(encoded: Encoded): Promise<Uint8Array<ArrayBuffer>> {
  const target = new BufferTarget()
  const output = new Output({ format: new OggOutputFormat(), target })
  const source = new EncodedAudioPacketSource('opus')
  output.addAudioTrack(source)
  await output.start()
  const decoderConfig = { codec: 'opus', numberOfChannels: 1, sampleRate: 48_000, ...descriptionOf(encoded) }
  for (const packet of packetsOf(encoded)) await source.add(packet, { decoderConfig })
  await output.finalize()
  return new Uint8Array(target.buffer!)
}

/** A tone of a quarter of a second: 16 bits, one channel, 48 kHz. */
function wave(): Uint8Array<ArrayBuffer> {
  const samples = 12_000
  const bytes = Buffer.alloc(44 + 2 * samples)
  bytes.write('RIFF', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8, 'latin1')
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(48_000, 24)
  bytes.writeUInt32LE(96_000, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36, 'latin1')
  bytes.writeUInt32LE(2 * samples, 40)
  for (let at = 0; at < samples; at++) bytes.writeInt16LE(Math.round(9000 * Math.sin(at / 20)), 44 + 2 * at)
  return new Uint8Array(bytes)
}

/** MPEG-1 layer III, 128 kbit/s, 48 kHz: frames of 384 bytes whose side information says that nothing follows. */
function silentMp3(): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(384)
  frame.set([0xff, 0xfb, 0x94, 0xc0])
  const bytes = new Uint8Array(384 * 40)
  for (let at = 0; at < 40; at++) bytes.set(frame, at * 384)
  return bytes
}
