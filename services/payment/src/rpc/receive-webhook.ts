import type { ProviderWebhookServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import type { Handler } from '@moa/kit';
import { fail } from '../errors.js';
import { OutcomeUnknown } from '../provider/port.js';
import type { Context } from '../service.js';
import { finishEvent, receiveEvent } from '../store/provider-events.js';
import { isOurs, settleFound } from '../work/settle-found.js';

type ReceiveWebhook = Handler<typeof ProviderWebhookServiceDefinition.methods.receiveWebhook>;

const RETRY_MS = 1_000;

export const receiveWebhook =
  (context: Context): ReceiveWebhook =>
  async ({ body, headers }, { at, trace }) => {
    const { db, provider, log } = context;
    const event = provider.readWebhook(headers, body);
    if (!event) return {};
    // Where webhooks are not signed, anybody may send one: about nothing of ours it leaves no trace, and costs no question.
    if (event.idempotencyKey !== undefined && !(await isOurs(context, event.idempotencyKey))) {
      log.warn({ type: event.type }, 'a webhook tells of a charge that is not ours');
      return {};
    }
    if (!(await receiveEvent(db, event, at))) return {};
    try {
      // What the event says may be old by now. What counts is how the charge stands.
      const charge = await provider.getCharge(event.chargeId);
      if (!charge || !(await settleFound(context, { at, trace }, charge)))
        log.warn({ type: event.type }, 'the provider tells of a charge that is not ours');
    } catch (error) {
      if (error instanceof OutcomeUnknown) throw fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });
      throw error;
    }
    await finishEvent(db, event.id, at);
    return {};
  };
