import { readPageToken } from '@moa/kit';

/** After which number a page goes on. */
export function readNumberToken(token: string, filter: readonly unknown[]): number | undefined {
  const [number] = readPageToken(token, filter, ['number']) ?? [];
  return number === undefined ? undefined : Number(number);
}
