const icons: [RegExp, string][] = [
  [/\.(zip|gz|bz2|xz|lzma|zst|7z|tar|rar)$/i, 'i-lucide-file-archive'],
  [/\.(mp4|mov|webm|mkv|avi|m4v)$/i, 'i-lucide-file-video-camera'],
  [/\.(mp3|wav|ogg|flac|m4a|opus)$/i, 'i-lucide-file-headphone'],
  [/\.(png|jpe?g|gif|webp|avif|svg|heic|tiff?)$/i, 'i-lucide-file-image'],
  [/\.(pdf|docx?|txt|md|rtf|odt)$/i, 'i-lucide-file-text'],
  [/\.(xlsx?|csv|ods|tsv)$/i, 'i-lucide-file-spreadsheet'],
  [/\.xml$/i, 'i-lucide-file-code-2'],
  [/\.jsonl?$/i, 'i-lucide-file-json-2'],
]

/** The icon of a file, by the end of its name. */
export function fileIcon(name: string): string {
  return icons.find(([end]) => end.test(name))?.[1] ?? 'i-lucide-file'
}
