// moa.funding.v1.PledgeCreated.<key>: the event's full name, then the id of the thing that changed. A prefix keeps houses apart that
// share a server.

/** Subjects and streams of one house. */
export interface Subjects {
  readonly subjectOf: (type: string, key: string) => string;
  /** The event's full name, of a subject. */
  readonly typeOf: (subject: string) => string;
  readonly keyOf: (subject: string) => string;
  /** Everything of a domain: what its stream holds. */
  readonly allOf: (domain: string) => string;
  readonly streamOf: (domain: string) => string;
  /** Core NATS: wakes the copy of a domain's service that relays. */
  readonly wakeOf: (domain: string) => string;
  /** Core NATS: what copies of a domain's service tell each other. */
  readonly liveOf: (domain: string, key: string) => string;
}

export function subjectsWith(prefix: string): Subjects {
  const front = prefix ? `${prefix}.` : '';
  return {
    subjectOf: (type, key) => `${front}${type}.${key}`,
    typeOf: (subject) => subject.slice(front.length, subject.lastIndexOf('.')),
    keyOf: (subject) => subject.slice(subject.lastIndexOf('.') + 1),
    allOf: (domain) => `${front}moa.${domain}.v1.>`,
    streamOf: (domain) => (prefix ? `${prefix}_${domain.toUpperCase()}` : domain.toUpperCase()),
    wakeOf: (domain) => `${front}moa.${domain}.wake`,
    liveOf: (domain, key) => `${front}moa.${domain}.live.${key}`,
  };
}
