// Where a page of a list ends that is ordered by a time, and by id within it.
import { kitFail } from '@moa/kit';

export interface Position {
  readonly time: Date;
  readonly id: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of the keys in a page token, which is opaque, not signed: it may have been made up. Throws PAGE_TOKEN_INVALID. */
export function positionOf(keys: readonly string[] | undefined): Position | undefined {
  if (!keys) return undefined;
  const [text = '', id = ''] = keys;
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || !UUID.test(id)) throw kitFail('PAGE_TOKEN_INVALID');
  return { time, id };
}

export const keysAt = (time: Date, id: string): string[] => [time.toISOString(), id];
