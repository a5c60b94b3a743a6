/** Thrown by a converter: why a JSON value is nothing for a column of its type. The reason is a phrase without a full stop. */
export class ValueRefused extends Error {
  override readonly name = 'ValueRefused'
}
