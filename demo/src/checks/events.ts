// Whatever happened was told, and heard by everybody.

import { storesOf, undeliverableEvents, untoldEvents } from '../stores.js';
import { type Check, noneOf } from './check.js';

export const eventChecks: Check[] = [
  {
    says: 'every outbox is empty',
    async look(stage) {
      const untold = (await untoldEvents(stage)).filter(({ events }) => events > 0);
      return noneOf(
        untold.map(({ service, events }) => `${service} ${events}`),
        storesOf(stage),
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
    look: async (stage) => noneOf(await undeliverableEvents(stage), storesOf(stage)),
  },
  {
    says: "the provider's webhooks were all taken",
    async look(stage) {
      const pending = await stage.pendingWebhooks();
      return { holds: pending === 0, figures: `${pending} waiting` };
    },
  },
];
