import type { Inbox } from './events/inbox.js';
import type { Outbox } from './events/outbox.js';

/** A service's store of documents: see @moa/kit/mongo. */
export interface Documents<C> {
  /** The service's models. */
  readonly models: C;
  readonly inbox: Inbox<C>;
  readonly outbox: Outbox;
  /** Says that an event may stand in a document: after each write that puts one there. */
  wakeRelay: () => void;
  close(): Promise<void>;
}
