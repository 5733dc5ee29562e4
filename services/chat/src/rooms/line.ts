// An entry as it goes to readers: encoded once, the same bytes for all of them.
import { Entry_Kind } from '@moa/contracts/chat/v1/chat';
import { StreamMessagesResponse } from '@moa/contracts/chat/v1/chat_service';

export interface Line {
  readonly sequence: number;
  readonly kind: Entry_Kind;
  /** 0 for a message. */
  readonly target: number;
  readonly bytes: Uint8Array;
}

export function lineOf(bytes: Uint8Array): Line {
  const { sequence, kind, target } = StreamMessagesResponse.decode(bytes).entry!;
  return { sequence: Number(sequence), kind, target: Number(target), bytes };
}

/** The line without what it says. */
export function blank(line: Line): Line {
  const { entry, upTo } = StreamMessagesResponse.decode(line.bytes);
  return { ...line, bytes: StreamMessagesResponse.encode({ entry: { ...entry!, content: undefined }, upTo }).finish() };
}

/** Whether readers must not see any more what the target says. */
export const takesAway = ({ kind }: Line): boolean => kind === Entry_Kind.KIND_DELETE || kind === Entry_Kind.KIND_HIDE;
