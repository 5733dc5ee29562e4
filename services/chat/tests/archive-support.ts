// What the tests of the archive share.
import { randomUUID } from 'node:crypto';
import { bed } from './support.js';

export const cause = { caseId: 'CASE-2026/17', purpose: '분쟁 조정 위원회의 요청' };

export const compliance = (accountId: string = randomUUID()) => bed.as(accountId, 'COMPLIANCE');

/** All that a stream sends. */
export async function gather<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}
