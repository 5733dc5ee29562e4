// What is looked for in the archive.
import { fail } from '../errors.js';
import type { EntryKind } from './entry.js';
import { foldText, gramsOf } from './grams.js';

/** Everything that is set must hold. */
export interface ArchiveQuery {
  readonly text: string;
  readonly roomId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly authorId?: string | undefined;
  readonly kind?: EntryKind | undefined;
  /** Not before. */
  readonly startTime?: Date | undefined;
  /** Before. */
  readonly endTime?: Date | undefined;
  readonly reported: boolean;
  readonly deleted: boolean;
  readonly hidden: boolean;
}

/** Refuses texts of one character, which no index has, and times that end before they start. */
export function expectQuery({ text, startTime, endTime }: ArchiveQuery): void {
  if (text !== '' && gramsOf(text).length === 0) throw fail('QUERY_TOO_SHORT');
  if (startTime && endTime && startTime >= endTime) throw fail('TIMES_REVERSED');
}

/** Whether a text has the words in it: its pairs of characters alone may stand in another order. */
export const hasText = (text: string | undefined, part: string): boolean =>
  part === '' || (text !== undefined && foldText(text).includes(foldText(part)));

/** Whether it is about what became of messages. */
export const isAboutState = ({ reported, deleted, hidden }: ArchiveQuery): boolean => reported || deleted || hidden;

/** The query as a list, in which two that ask for the same are alike. */
export const factsOf = (query: ArchiveQuery): readonly unknown[] => [
  query.text,
  query.roomId ?? '',
  query.projectId ?? '',
  query.authorId ?? '',
  query.kind ?? '',
  query.startTime?.getTime() ?? 0,
  query.endTime?.getTime() ?? 0,
  query.reported,
  query.deleted,
  query.hidden,
];
