/** A kind of file that is known by its first bytes. `surely`: what tells it in a file of any name, where its first bytes are also those of others. */
type Kind = { what: string; extensions: string[]; is: (head: Buffer) => boolean; surely?: (head: Buffer) => boolean }

const at = (offset: number, ...bytes: (number | string)[]): ((head: Buffer) => boolean) => {
  const wanted = Buffer.concat(bytes.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from([part]))))
  return (head) => head.subarray(offset, offset + wanted.length).equals(wanted)
}
const any =
  (...tests: ((head: Buffer) => boolean)[]) =>
  (head: Buffer): boolean =>
    tests.some((test) => test(head))
const all =
  (...tests: ((head: Buffer) => boolean)[]) =>
  (head: Buffer): boolean =>
    tests.every((test) => test(head))

const boxes = ['moov', 'mdat', 'wide', 'free', 'skip', 'styp', 'sidx', 'moof', 'pnot']
const isoMedia = any(...['ftyp', ...boxes].map((type) => at(4, type)))
/** Texts begin with “The free …” as well: the length of a box begins with a zero, unless it has 16 MiB. */
const surelyIsoMedia = any(at(4, 'ftyp'), all(at(0, 0), isoMedia))
const imageBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1', 'avif', 'avis']
const imageBrand = all(at(4, 'ftyp'), any(...imageBrands.map((brand) => at(8, brand))))
const notImage = (head: Buffer) => !imageBrand(head)
const mpegAudio = (head: Buffer) => head[0] === 0xff && (head[1]! & 0xe0) === 0xe0 && (head[1]! & 0x06) !== 0
const never = () => false

const kinds: Kind[] = [
  { what: 'a PNG image', extensions: ['png', 'apng'], is: at(0, 0x89, 'PNG', 0x0d, 0x0a, 0x1a, 0x0a) },
  { what: 'a JPEG image', extensions: ['jpg', 'jpeg', 'jpe', 'jfif'], is: at(0, 0xff, 0xd8, 0xff) },
  { what: 'a GIF image', extensions: ['gif'], is: any(at(0, 'GIF87a'), at(0, 'GIF89a')) },
  { what: 'a WebP image', extensions: ['webp'], is: all(at(0, 'RIFF'), at(8, 'WEBP')) },
  { what: 'a TIFF image', extensions: ['tif', 'tiff'], is: any(at(0, 'II*', 0), at(0, 'MM', 0, '*'), at(0, 'II+', 0), at(0, 'MM', 0, '+')) },
  { what: 'a HEIF or AVIF image', extensions: ['heic', 'heif', 'avif'], is: imageBrand },
  { what: 'a PDF document', extensions: ['pdf'], is: (head) => head.subarray(0, 1024).includes('%PDF-'), surely: at(0, '%PDF-') },
  {
    what: 'a zip archive',
    extensions: ['zip', 'docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'epub', 'jar', 'apk'],
    is: any(at(0, 'PK', 3, 4), at(0, 'PK', 5, 6), at(0, 'PK', 7, 8)),
  },
  {
    what: 'an Office document with a password',
    extensions: ['docx', 'xlsx', 'pptx'],
    is: at(0, 0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1),
    surely: never,
  },
  { what: 'a gzip file', extensions: ['gz', 'tgz'], is: at(0, 0x1f, 0x8b) },
  { what: 'a 7-Zip archive', extensions: ['7z'], is: at(0, '7z', 0xbc, 0xaf, 0x27, 0x1c) },
  { what: 'a RAR archive', extensions: ['rar'], is: at(0, 'Rar!', 0x1a, 0x07) },
  {
    what: 'an MP4 or QuickTime video',
    extensions: ['mp4', 'm4v', 'm4a', 'mov', 'qt', '3gp'],
    is: all(isoMedia, notImage),
    surely: all(surelyIsoMedia, notImage),
  },
  { what: 'a Matroska or WebM video', extensions: ['mkv', 'mka', 'webm'], is: at(0, 0x1a, 0x45, 0xdf, 0xa3) },
  { what: 'an Ogg file', extensions: ['ogg', 'oga', 'ogv', 'opus'], is: at(0, 'OggS') },
  { what: 'a WAV file', extensions: ['wav'], is: all(any(...['RIFF', 'RIFX', 'RF64', 'BW64'].map((form) => at(0, form))), at(8, 'WAVE')) },
  { what: 'an AVI video', extensions: ['avi'], is: all(at(0, 'RIFF'), at(8, 'AVI ')) },
  { what: 'an MP3 file', extensions: ['mp3'], is: any(at(0, 'ID3'), mpegAudio), surely: any(at(0, 'ID3', 2), at(0, 'ID3', 3), at(0, 'ID3', 4)) },
  { what: 'a FLAC file', extensions: ['flac'], is: any(at(0, 'fLaC'), at(0, 'ID3')), surely: at(0, 'fLaC') },
  { what: 'a Windows program', extensions: ['exe', 'dll', 'scr', 'efi'], is: at(0, 'MZ') },
  { what: 'a Linux program', extensions: ['elf', 'so', 'ko', 'appimage'], is: at(0, 0x7f, 'ELF') },
]

const texts = ['txt', 'csv', 'tsv', 'json', 'jsonl', 'ndjson', 'xml', 'html', 'htm', 'md', 'yaml', 'yml', 'sql', 'srt', 'vtt', 'log', 'ini']
/** Endings that programs have, and much else. */
const anything = ['bin', 'o', 'com', 'sys']
/** What begins by chance like this often enough that a text may. */
const weak = ['MZ']

/** What is wrong between the name of a file and its first bytes, as a sentence, or null. A name whose ending nobody knows may hold anything but a program. */
export function contentProblem(name: string, head: Buffer): string | null {
  const ending = /\.([A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? ''
  if (anything.includes(ending)) return null
  const named = kinds.filter(({ extensions }) => extensions.includes(ending))
  if (named.some(({ is }) => is(head))) return null
  const found = kinds.find(({ is, surely = is }) => surely(head) && !(texts.includes(ending) && weak.some((start) => at(0, start)(head))))
  const content = found?.what ?? (head.length === 0 ? 'empty' : null)
  const is = content === null ? 'its content is something else' : content === 'empty' ? 'it is empty' : `its content is that of ${content}`
  if (named.length > 0) return `${name} is called ${named[0]!.what}, and ${is}.`
  const suspicious = found !== undefined && (texts.includes(ending) || found.what.endsWith('program'))
  return suspicious ? `${name} is not what it is called: ${is}.` : null
}
