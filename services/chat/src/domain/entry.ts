// What a room's log is made of.
import type { Content } from '@moa/verify';

export type { Content };

export const ENTRY_KINDS = ['MESSAGE', 'EDIT', 'DELETE', 'HIDE', 'UNHIDE'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export const MARKS = ['NONE', 'SELLER', 'MODERATOR'] as const;
/** What the author's name is marked with. */
export type Mark = (typeof MARKS)[number];

/** What an entry says that says nothing: DELETE, HIDE, UNHIDE. */
export const NOTHING: Content = { text: '', imageUrls: [], replyTo: 0, mentions: [] };

/** Whether an entry says something. */
export const says = ({ kind }: { readonly kind: EntryKind }): boolean => kind === 'MESSAGE' || kind === 'EDIT';

/** An entry before it has its place. */
export interface Draft {
  readonly kind: EntryKind;
  readonly authorId: string;
  readonly mark: Mark;
  /** The sequence of the message that it is about; 0 for a message. */
  readonly target: number;
  readonly content: Content;
}

/** An entry as the log keeps it. */
export interface Entry extends Omit<Draft, 'content'> {
  readonly roomId: string;
  /** 1, 2, 3 ... without a gap in the room. */
  readonly sequence: number;
  readonly projectId: string;
  /** Never before that of the entry before. */
  readonly time: Date;
  /** Undefined when it was erased. */
  readonly content: Content | undefined;
  /** Hex, 32 bytes. Erased with the content. */
  readonly nonce: string | undefined;
  /** SHA-256 of nonce and content, in hex. */
  readonly commitment: string;
  /** The hash of the entry before, in hex; zeros for the first. */
  readonly previous: string;
  readonly hash: string;
  /** When the content was erased. */
  readonly purgeTime: Date | undefined;
}
