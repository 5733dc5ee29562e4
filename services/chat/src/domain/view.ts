// What readers see of a message: the message and what has happened to it since.
import type { Content, Entry } from './entry.js';

export type MessageState = 'POSTED' | 'DELETED' | 'HIDDEN' | 'PURGED';

export interface MessageView {
  readonly state: MessageState;
  /** Of one that is posted. */
  readonly content: Content | undefined;
  /** Of the last edit. */
  readonly editTime: Date | undefined;
}

type Told = Pick<Entry, 'kind' | 'time' | 'content'>;

/** `later` are the entries about the message, in their order. */
export function viewOf(message: Pick<Entry, 'content'>, later: readonly Told[]): MessageView {
  const lastEdit = later.findLast(({ kind }) => kind === 'EDIT');
  const content = lastEdit ? lastEdit.content : message.content;
  const state = isDeleted(later) ? 'DELETED' : isHidden(later) ? 'HIDDEN' : content ? 'POSTED' : 'PURGED';
  return { state, content: state === 'POSTED' ? content : undefined, editTime: lastEdit?.time };
}

export const isDeleted = (later: readonly Pick<Entry, 'kind'>[]): boolean => later.some(({ kind }) => kind === 'DELETE');

export const isHidden = (later: readonly Pick<Entry, 'kind'>[]): boolean =>
  later.findLast(({ kind }) => kind === 'HIDE' || kind === 'UNHIDE')?.kind === 'HIDE';

/** Whether readers may see what a message and its edits say. */
export const isShown = (later: readonly Pick<Entry, 'kind'>[]): boolean => !isDeleted(later) && !isHidden(later);
