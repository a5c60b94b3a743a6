/** What a decompressor of ours has to say about its input; `unpack` puts the file's name to it. */
export class PackingError extends Error {
  readonly kind: 'damaged' | 'unsupported' | 'limit'

  /** `sentence` starts with a small letter and has no full stop. */
  constructor(kind: 'damaged' | 'unsupported' | 'limit', sentence: string) {
    super(sentence)
    this.name = 'PackingError'
    this.kind = kind
  }
}

/** The sentence for packed data that stops before its end, the same for every format. */
export const endsInTheMiddle = 'the compressed file ends in the middle'
