// Everything that is done in the archive stands in its access log before it is answered; also what is refused.
import type { Cause } from '@moa/contracts/chat/v1/archive';
import type { Call } from '@moa/kit';
import type { Context } from '../service.js';

interface Asked {
  readonly cause?: Cause | undefined;
}

export const recorded =
  <Q extends Asked, R>(context: Context, action: string, handle: (request: Q, call: Call) => Promise<R>) =>
  async (request: Q, call: Call): Promise<R> => {
    await record(context, action, request, call);
    return handle(request, call);
  };

/** What only reads is read while its record is written. It is answered when the record stands there; also when it is refused. */
export const recordedRead =
  <Q extends Asked, R>(context: Context, action: string, read: (request: Q, call: Call) => Promise<R>) =>
  async (request: Q, call: Call): Promise<R> => {
    const [answer, written] = await Promise.allSettled([read(request, call), record(context, action, request, call)]);
    if (written.status === 'rejected') throw written.reason;
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  };

export const recordedStream = <Q extends Asked, R>(
  context: Context,
  action: string,
  handle: (request: Q, call: Call) => AsyncIterable<R>,
) =>
  async function* (request: Q, call: Call): AsyncGenerator<R> {
    await record(context, action, request, call);
    yield* handle(request, call);
  };

async function record({ accessLog }: Context, action: string, { cause, ...asked }: Asked, { caller, at }: Call): Promise<void> {
  const { caseId, purpose } = cause!;
  await accessLog.append({ time: at, accountId: caller.accountId, action, caseId, purpose, detail: jsonOf(asked) });
}

const jsonOf = (value: object): string => JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
