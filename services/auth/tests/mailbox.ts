// Where the mail of one test file goes: a real mailbox, which may go away and come back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Message, startMailbox } from '@moa/mailbox';
import { until } from '@moa/testkit';

export async function openMailbox() {
  const dataFolder = mkdtempSync(join(tmpdir(), 'moa-mailbox-'));
  let running = await startMailbox({ smtpPort: 0, httpPort: 0, dataFolder });
  const { smtpUrl, url } = running;
  const portOf = (address: string) => Number(new URL(address).port);

  /** What an address has got so far, newest first. */
  async function mailsSoFar(address: string): Promise<Message[]> {
    const response = await fetch(`${url}/messages?to=${encodeURIComponent(address)}`);
    return ((await response.json()) as { messages: Message[] }).messages;
  }

  return {
    smtpUrl,
    mailsSoFar,
    /** The mails to an address, newest first, once there are this many. */
    mails: (address: string, count = 1): Promise<Message[]> =>
      until(async () => {
        const messages = await mailsSoFar(address);
        return messages.length >= count && messages;
      }),
    goAway: () => running.stop(),
    async comeBack(): Promise<void> {
      running = await startMailbox({ smtpPort: portOf(smtpUrl), httpPort: portOf(url), dataFolder });
    },
    async close(): Promise<void> {
      await running.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** The token in a mail: it stands alone on the last line. */
export const tokenIn = ({ text }: Pick<Message, 'text'>): string => text.trimEnd().split('\n').at(-1)!;
