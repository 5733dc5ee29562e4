/** A part of Envoy's configuration that says its own type. */
export const typed = <T extends object>(type: string, fields?: T) => ({ '@type': `type.googleapis.com/${type}`, ...fields });

/** An extension under its usual name. */
export const extension = <T extends object>(name: string, type: string, fields?: T) => ({ name, typed_config: typed(type, fields) });

/** Milliseconds as Envoy writes durations. */
export const duration = (ms: number) => `${ms / 1000}s`;
