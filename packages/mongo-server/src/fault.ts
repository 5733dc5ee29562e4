// What goes wrong, with MongoDB's own codes.
export const CODES = {
  BadValue: 2,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  AuthenticationFailed: 18,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  CommandNotFound: 59,
  ImmutableField: 66,
  IndexOptionsConflict: 85,
  CannotIndexParallelArrays: 171,
  NotImplemented: 238,
  QueryExceededMemoryLimitNoDiskUseAllowed: 292,
  DuplicateKey: 11000,
  BSONObjectTooLarge: 10334,
  KeyTooLong: 17280,
} as const;

export class Fault extends Error {
  constructor(
    readonly codeName: keyof typeof CODES,
    message: string,
    readonly facts: Record<string, unknown> = {},
  ) {
    super(message);
  }

  get code(): number {
    return CODES[this.codeName];
  }
}

/** Everything that this server does not do is refused by name: it never answers differently from MongoDB in silence. */
export const unsupported = (what: string): Fault => new Fault('NotImplemented', `${what} is not supported by the embedded server`);

/** Refuses every field that is not on the list. */
export function onlyFields(of: object, allowed: ReadonlySet<string> | readonly string[], where: string): void {
  const known = allowed instanceof Set ? allowed : new Set(allowed as readonly string[]);
  for (const field of Object.keys(of)) if (!known.has(field)) throw unsupported(`${where} "${field}"`);
}
