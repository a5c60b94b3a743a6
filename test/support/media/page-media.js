// Runs in the page: what the browser's encoders make, and what files look and sound like once they are decoded. See media-files.ts.
/** A second of video, 64 × 48, ten frames, each of another colour: by the first codec of these that the browser encodes. */
async function encodeVideo(codecs) {
  const text = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const size = { width: 64, height: 48 }
  const more = { ...size, avc: { format: 'avc' } }
  const wanted = await Promise.all(codecs.map(async (codec) => (await VideoEncoder.isConfigSupported({ ...more, codec })).supported))
  const codec = codecs[wanted.indexOf(true)] ?? ''
  const made = { codec, description: null, packets: [] }
  const encoder = new VideoEncoder({
    error: (error) => console.error(error),
    output: (chunk, about) => {
      const data = new Uint8Array(chunk.byteLength)
      chunk.copyTo(data)
      const { description } = about?.decoderConfig ?? {}
      if (description) made.description ??= text(new Uint8Array(description))
      made.packets.push({ data: text(data), key: chunk.type === 'key', us: chunk.timestamp, durationUs: 100_000 })
    },
  })
  encoder.configure({ ...more, codec })
  const canvas = new OffscreenCanvas(64, 48)
  const pen = canvas.getContext('2d')
  for (let frame = 0; frame < 10; frame++) {
    pen.fillStyle = `hsl(${frame * 36} 90% 50%)`
    pen.fillRect(0, 0, 64, 48)
    pen.fillStyle = 'white'
    pen.fillRect(frame * 6, 10, 8, 8)
    const picture = new VideoFrame(canvas, { timestamp: frame * 100_000, duration: 100_000 })
    encoder.encode(picture, { keyFrame: frame === 0 })
    picture.close()
  }
  await encoder.flush()
  return made
}

/** A second of a tone that rises, 48 kHz, by Opus. */
async function encodeTone() {
  const text = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const made = { codec: 'opus', description: null, packets: [] }
  const encoder = new AudioEncoder({
    error: (error) => console.error(error),
    output: (chunk, about) => {
      const data = new Uint8Array(chunk.byteLength)
      chunk.copyTo(data)
      const { description } = about?.decoderConfig ?? {}
      if (description) made.description ??= text(new Uint8Array(description))
      made.packets.push({ data: text(data), key: true, us: chunk.timestamp, durationUs: chunk.duration ?? 20_000 })
    },
  })
  encoder.configure({ codec: 'opus', sampleRate: 48_000, numberOfChannels: 1 })
  const samples = Float32Array.from({ length: 48_000 }, (_none, at) => Math.sin((at * (200 + at / 100)) / 8000) / 2)
  encoder.encode(new AudioData({ format: 'f32', sampleRate: 48_000, numberOfFrames: 48_000, numberOfChannels: 1, timestamp: 0, data: samples }))
  await encoder.flush()
  return made
}

/** A picture in that format, as Base64. */
async function drawPicture(type) {
  const canvas = new OffscreenCanvas(80, 60)
  const pen = canvas.getContext('2d')
  for (let line = 0; line < 60; line++) {
    pen.fillStyle = `hsl(${line * 6} 80% 50%)`
    pen.fillRect(0, line, 80, 1)
  }
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer())
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** What a file looks or sounds like once it is decoded: a picture's pixels, those of a video at some moments, or all samples; each as a number, and how many. */
async function decoded({ url, kind, times }) {
  const blob = await (await fetch(url)).blob()
  const sum = (bytes) => {
    let hash = 0x811c9dc5
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
    return `${bytes.length}:${hash.toString(16)}`
  }
  const pixels = (source, width, height) => {
    const pen = new OffscreenCanvas(width, height).getContext('2d')
    pen.drawImage(source, 0, 0)
    return `${width}x${height} ${sum(pen.getImageData(0, 0, width, height).data)}`
  }
  if (kind === 'image') {
    const picture = await createImageBitmap(blob)
    return [pixels(picture, picture.width, picture.height)]
  }
  if (kind === 'audio') {
    const audio = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(await blob.arrayBuffer())
    return [
      `${audio.duration}`,
      ...Array.from({ length: audio.numberOfChannels }, (_none, at) => sum(new Uint8Array(audio.getChannelData(at).buffer))),
    ]
  }
  const video = document.createElement('video')
  video.muted = true
  video.src = URL.createObjectURL(blob)
  const shown = []
  await new Promise((resolve, reject) => {
    video.addEventListener('loadeddata', () => resolve(), { once: true })
    video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true })
  })
  for (const time of times) {
    const there = new Promise((resolve) => video.requestVideoFrameCallback(() => resolve()))
    video.currentTime = time
    await there
    shown.push(pixels(video, video.videoWidth, video.videoHeight))
  }
  return [`${video.duration}`, ...shown]
}

globalThis.pageMedia = { encodeVideo, encodeTone, drawPicture, decoded }
