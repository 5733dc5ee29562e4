/** The options of every schema: a field that it does not name is refused, and nothing is added that it does not name. */
export const documentOptions = { strict: 'throw', strictQuery: 'throw', versionKey: false, autoIndex: false, minimize: false } as const;
