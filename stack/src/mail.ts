// Reads the mailbox for a person.
import type { StackFacts } from './stack.js';

const SHOWN = 10;

/** As packages/mailbox shows it. */
interface Message {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly time: string;
}

/** The newest messages that went to an address, or to anybody: the newest last, where one looks. */
export async function readMail({ mailbox }: Pick<StackFacts, 'mailbox'>, address: string): Promise<string> {
  if (!mailbox) throw new Error('Mail goes to the server of MOA_SMTP_URL: there is no mailbox.');
  const response = await fetch(`${mailbox.url}/messages${address && `?to=${encodeURIComponent(address)}`}`);
  const { messages } = (await response.json()) as { messages: Message[] };
  if (messages.length === 0) return `No mail${address && ` for ${address}`}.`;
  return messages.slice(0, SHOWN).reverse().map(formatMessage).join('\n\n');
}

const formatMessage = ({ to, subject, text, time }: Message): string =>
  [`To: ${to.join(', ')}`, `Subject: ${subject}`, `Time: ${time}`, '', text.trimEnd()].map(printable).join('\n');

// Whoever wrote it must not steer the terminal.
const printable = (text: string): string => text.replace(/(?!\n)\p{Cc}/gu, '');
