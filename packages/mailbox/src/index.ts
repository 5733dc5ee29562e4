export type { MailboxConfig } from './config.js';
export { type RunningMailbox, startMailbox } from './mailbox.js';
export type { Message } from './messages.js';
