// Whatever happened was told, and heard by everybody.

import type { Check } from './check.js';
import { noneOf } from './check.js';

export const eventChecks: Check[] = [
  {
    says: 'every outbox is empty',
    async look(stage) {
      const counts = await Promise.all(
        stage.databases.map(async (service) => {
          const [row] = await stage.sql<{ count: number }>(service, 'SELECT count(*)::int AS count FROM kit.outbox');
          return { service, count: row?.count ?? 0 };
        }),
      );
      return noneOf(
        counts.filter(({ count }) => count > 0).map(({ service, count }) => `${service} ${count}`),
        `${counts.length} databases`,
      );
    },
  },
  {
    says: 'every consumer is at the end of its stream',
    async look(stage) {
      const consumers = await stage.consumers();
      const messages = await stage.messages();
      const behind = consumers.filter(({ pending, unacknowledged }) => pending + unacknowledged > 0);
      return {
        ...noneOf(
          behind.map(({ name, stream, pending, unacknowledged }) => `${name} of ${stream} ${pending} + ${unacknowledged}`),
          `${consumers.length} consumers, ${messages} events`,
        ),
        ...(consumers.length === 0 ? { holds: false } : {}),
      };
    },
  },
  {
    says: 'no event was put away as undeliverable',
    async look(stage) {
      const rows = await Promise.all(
        stage.databases.map((service) =>
          stage.sql<{ what: string }>(
            service,
            `SELECT consumer || ' ' || subject || ': ' || error AS what FROM kit.failed_event WHERE dead_time IS NOT NULL`,
          ),
        ),
      );
      return noneOf(
        rows.flat().map(({ what }) => what),
        `${stage.databases.length} databases`,
      );
    },
  },
  {
    says: "the provider's webhooks were all taken",
    async look(stage) {
      const pending = await stage.pendingWebhooks();
      return { holds: pending === 0, figures: `${pending} waiting` };
    },
  },
];
