// What an error tells in its details, read from the bytes on the wire.
import type { ServiceError } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '@moa/contracts/google/rpc/error_details';
import { Status } from '@moa/contracts/google/rpc/status';
import type { MessageType } from '@moa/contracts/method';

/** The reason: REWARD_SOLD_OUT. Undefined for an error without one. */
export const reasonOf = (error: unknown): string | undefined => detail(error, ErrorInfo)?.reason;

/** The fields at fault and what is wrong with them. */
export const violationsOf = (error: unknown): { field: string; description: string }[] => detail(error, BadRequest)?.fieldViolations ?? [];

/** When another try makes sense, in milliseconds; undefined when the error does not say. */
export function retryAfterMsOf(error: unknown): number | undefined {
  const delay = detail(error, RetryInfo)?.retryDelay;
  return delay && Number(delay.seconds) * 1_000 + delay.nanos / 1e6;
}

function detail<T>(error: unknown, type: MessageType<T>): T | undefined {
  const bytes = (error as ServiceError | undefined)?.metadata?.get('grpc-status-details-bin')[0];
  if (bytes === undefined) return undefined;
  const found = Status.decode(bytes as Buffer).details.find(({ typeUrl }) => typeUrl.endsWith(`/${type.$type}`));
  return found && type.decode(found.value);
}
