// Answers that show a secret once. They are remembered like any other, so that a repeated request gets the same, but sealed: the table
// alone shows nothing. A secret derived from the key instead could be made again for as long as there is the key; this one is gone when
// its request is forgotten.
import type { MessageType } from '@moa/contracts/method';
import { type Call, type Secret, seal, unseal } from '@moa/kit';

/** A message type for `once`, whose messages are kept sealed and open for this call alone. */
export function sealedAnswer<R>(type: MessageType<R>, key: Secret, { claim }: Call): MessageType<R> {
  const context = `answer:${claim.caller}:${claim.requestId}`;
  return {
    encode: (answer) => ({ finish: () => seal(key, Buffer.from(type.encode(answer).finish()).toString('base64'), context) }),
    decode: (sealed) => type.decode(Buffer.from(unseal(key, sealed, context), 'base64')),
  };
}
