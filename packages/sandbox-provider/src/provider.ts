// The composition: journal, books, webhooks and the API over them.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { billingKeyRoutes } from './api/billing-keys.js';
import { bookRoutes } from './api/books.js';
import { chargeRoutes } from './api/charges.js';
import { checkoutRoutes } from './api/checkouts.js';
import { confirmationRoutes } from './api/confirmations.js';
import { faultRoutes } from './api/faults.js';
import { refundRoutes } from './api/refunds.js';
import { transferRoutes } from './api/transfers.js';
import { type Books, emptyBooks, type Fact } from './books.js';
import type { ProviderConfig } from './config.js';
import { makeFaults } from './faults.js';
import { makeServer } from './http.js';
import { openJournal } from './journal.js';
import { readFact, type StoredFact } from './old-facts.js';
import { pageRoutes } from './page/pay.js';
import { startWebhooks } from './webhooks.js';

export interface Ledger {
  readonly books: Books;
  /** Books a fact and resolves when it is on the disk. */
  record(fact: Fact): Promise<void>;
  /** Resolves when everything booked so far is on the disk: nothing is told before. */
  settled(): Promise<void>;
}

export interface RunningProvider {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startSandboxProvider(config: ProviderConfig): Promise<RunningProvider> {
  const log = config.log ?? (() => {});
  const books = emptyBooks();
  const journal = await openJournal<StoredFact>(config.dataFolder, (fact) => books.apply(readFact(fact)));
  const webhooks = startWebhooks({
    url: config.webhookUrl,
    secret: config.webhookSecret,
    onDelivered: (eventId) => void ledger.record({ kind: 'DELIVERED', eventId }).catch(() => {}),
    log,
  });
  const ledger: Ledger = {
    books,
    // Applied at once and without a pause, so two calls never decide on the same state.
    async record(fact) {
      books.apply(fact);
      await journal.append(fact);
      if ('event' in fact) webhooks.send(fact);
    },
    settled: journal.flushed,
  };
  const faults = makeFaults(config.seed ?? 1);
  const stopping = new AbortController();
  const routes = [
    ...billingKeyRoutes(ledger),
    ...chargeRoutes(ledger, faults, stopping.signal),
    ...refundRoutes(ledger, faults),
    ...checkoutRoutes(ledger, (id) => `${url()}/pay/${id}`),
    ...confirmationRoutes(ledger, faults, stopping.signal),
    ...pageRoutes(ledger),
    ...transferRoutes(ledger, faults),
    ...bookRoutes(ledger),
    ...faultRoutes(faults),
  ];
  const server = makeServer(routes, config.apiKey, stopping.signal);

  const [host, port] = config.listen.split(':');
  const url = () => `http://${host}:${(server.address() as AddressInfo).port}`;
  server.listen(Number(port), host);
  await once(server, 'listening');
  for (const pending of books.pendingEvents()) webhooks.send(pending);

  return {
    url: url(),
    async stop() {
      stopping.abort();
      server.close();
      server.closeAllConnections();
      await webhooks.stop();
      await journal.close();
    },
  };
}
