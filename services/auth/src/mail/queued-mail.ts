// A mail as it lies in the table, where nobody can read it.
import { newId, type Secret, seal, unseal } from '@moa/kit';
import type { Mail } from '../domain/mail.js';

/** What queue_mail takes besides the call. */
export interface QueuedMail {
  readonly id: string;
  readonly kind: Mail['kind'];
  readonly sealedBody: Uint8Array;
}

/** Seals a mail, to be queued in the transaction of its cause. */
export function mailOf(key: Secret, { kind, ...body }: Mail): QueuedMail {
  const id = newId();
  return { id, kind, sealedBody: seal(key, JSON.stringify(body), contextOf(id)) };
}

/** What the SQL functions take that queue a mail. */
export const sqlMail = ({ id, kind, sealedBody }: QueuedMail): string =>
  JSON.stringify({ id, kind, body: Buffer.from(sealedBody).toString('base64') });

/** What is to be sent to whom; throws when another key sealed it. A NONE has nothing to open. */
export const openMail = (key: Secret, { id, kind, sealedBody }: QueuedMail): Exclude<Mail, { kind: 'NONE' }> => ({
  kind,
  ...JSON.parse(unseal(key, sealedBody, contextOf(id))),
});

const contextOf = (id: string) => `mail:${id}`;
