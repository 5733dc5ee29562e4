// Payment over Toss Payments' adapter, with the server that speaks its API, and a door for its webhooks as the gateway's.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clients, errorOf, openStand } from '../support.js';
import { FEE_BASIS_POINTS, SECRET_KEY } from './rigs.js';
import { startTossServer, TIMEOUT_MS } from './server.js';
import { korea } from './types.js';

export async function openTossStand(name: string) {
  let takes: Clients['webhooks'] | undefined;
  const door = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).flatMap(([header, value]) =>
        header.startsWith('tosspayments-webhook-') ? [[header, String(value)]] : [],
      ),
    );
    const taken = takes && (await errorOf(takes.receiveWebhook({ body: Buffer.concat(chunks), headers }))) === undefined;
    response.writeHead(taken ? 200 : 503).end();
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const stand = await openStand(name);
  const toss = await startTossServer({
    secretKey: SECRET_KEY,
    webhookUrl: `http://127.0.0.1:${(door.address() as AddressInfo).port}/webhooks/toss`,
  });
  return {
    ...stand,
    toss,
    /** What payment is told so that it uses Toss Payments. */
    variables: {
      PROVIDER: 'toss',
      PROVIDER_TIMEOUT_MS: String(TIMEOUT_MS),
      TOSS_URL: toss.url,
      TOSS_SECRET_KEY: SECRET_KEY,
      TOSS_FEE_BASIS_POINTS: String(FEE_BASIS_POINTS),
      TOSS_BOOKS_SINCE: korea().slice(0, 10),
    },
    /** From now on its webhooks are handed on. */
    openDoor(webhooks: Clients['webhooks'] | undefined): void {
      takes = webhooks;
    },
    /** What its books say of an attempt: nothing of what was declined. */
    paidAt: (paymentId: string, attempt = 1) =>
      toss.books.payments().find(({ orderId, status }) => orderId === `${paymentId}_${attempt}` && status !== 'ABORTED'),
    async close(): Promise<void> {
      await stand.close();
      await toss.stop();
      door.close();
    },
  };
}
