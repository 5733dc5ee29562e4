import type { Stack } from '@moa/stack';
import { until } from '@moa/testkit';

/** The token in the newest mail to an address, once there are so many: it stands alone on the last line. */
export async function mailedToken({ mailbox }: Stack, address: string, count = 1): Promise<string> {
  const { text } = await until(async () => {
    const response = await fetch(`${mailbox!.url}/messages?to=${encodeURIComponent(address)}`);
    const { messages } = (await response.json()) as { messages: { text: string }[] };
    return messages.length >= count && messages[0];
  });
  return text.trimEnd().split('\n').at(-1)!;
}
