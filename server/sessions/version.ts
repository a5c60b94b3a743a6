/**
 * Version of what a start writes and a worker must understand: options, files, the meaning of columns. Raised by whoever changes one of these in a way that
 * an older worker would get wrong; such a worker leaves the run to others.
 */
export const newestVersion = 1
