// A contract that streams, with whatever rules a test wants.
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { ProjectServiceDefinition, type WatchProjectResponse } from '@moa/contracts/funding/v1/project_service';
import type { MethodDefinition } from '@moa/contracts/method';
import { reasonOf } from '@moa/testkit';

const { watchProject } = ProjectServiceDefinition.methods;
const ACCESS = (50001 << 3) | 2;
const CALL = (50002 << 3) | 2;

type Options = Record<number, readonly Uint8Array[]>;
const optionsOf = (method: MethodDefinition) => method.options._unknownFields as Options;

/** WatchProject alone, for those who may call `access`, and called as `call` says. */
export function watchLike({ access = watchProject, call = watchProject }: { access?: MethodDefinition; call?: MethodDefinition } = {}) {
  const options = { _unknownFields: { [ACCESS]: optionsOf(access)[ACCESS]!, [CALL]: optionsOf(call)[CALL]! } };
  return { ...ProjectServiceDefinition, methods: { watchProject: { ...watchProject, options } } } as unknown as typeof WATCH;
}

const WATCH = { ...ProjectServiceDefinition, methods: { watchProject } } as const;

/** A message that is known by its number, and as large as wanted. */
export const message = (percent: number, bytes = 0): WatchProjectResponse => ({
  progress: { percent, pledgeCount: 0, raised: { currencyCode: 'x'.repeat(bytes), amountMinor: 0n } },
  phase: 0,
  ended: false,
});

/** Reads a stream to its end: the numbers that came, and how it ended. */
export async function readAll(stream: ClientReadableStream<WatchProjectResponse>) {
  const numbers: number[] = [];
  const error = await (async () => {
    for await (const { progress } of stream) numbers.push(progress!.percent);
  })().then(
    () => undefined,
    (thrown: ServiceError) => thrown,
  );
  return { numbers, code: error?.code ?? 0, reason: reasonOf(error), error };
}
