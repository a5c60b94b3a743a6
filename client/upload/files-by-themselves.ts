/** A larger file goes by itself, so that it may be interrupted. */
const largeFrom = 64 * 1024 * 1024
/** A form is taken as a whole, or lost as a whole: this is as much as one may hold. */
const mostInForm = 1024 * 1024 * 1024

/** The files of a start that are uploaded each by itself; the others go with the form. The largest first. */
export function filesByThemselves(files: readonly File[]): File[] {
  let left = files.reduce((sum, file) => sum + file.size, 0)
  return files
    .toSorted((a, b) => b.size - a.size)
    .filter(({ size }) => {
      const alone = size > largeFrom || left > mostInForm
      left -= size
      return alone
    })
}
