import { ChargePledgesRequest } from '@moa/contracts/payment/v1/payment_service';
import { crashPoint, type Host, isOutage, type JobRun, type Origin, requestIdOf } from '@moa/kit';
import { money } from '../convert.js';
import type { Context } from '../service.js';
import { type DueCharge, leaseCharges, markTaken } from '../store/charges.js';

const BATCH = 100;
// Not shorter than payment may take to answer, so that no batch is under way twice.
const LEASE_MS = 5_000;

/** Charges are handed to payment, and again until it has taken them: it takes each attempt of a pledge once. */
export const sendCharges =
  (context: Context, { clock, log }: Pick<Host, 'clock' | 'log'>) =>
  async (run: JobRun) => {
    for (;;) {
      if (run.signal.aborted) return;
      const now: Origin = { at: clock.now(), trace: run.trace };
      const charges = await leaseCharges(context.db, now, BATCH, LEASE_MS);
      if (charges.length === 0) return;
      crashPoint('funding.charge.leased');
      for (const { charge, error } of await send(context, now, charges)) {
        log.error({ pledge: charge.pledge_id, attempt: charge.attempt, err: error }, 'payment does not take a charge');
      }
    }
  };

interface Refused {
  readonly charge: DueCharge;
  readonly error: unknown;
}

// Gives those that payment does not take. One of them must not hold up the others, so then each is sent by itself.
async function send(context: Context, origin: Origin, charges: readonly DueCharge[]): Promise<Refused[]> {
  try {
    await context.payment.chargePledges(requestOf(charges), { at: origin.at, trace: origin.trace });
  } catch (error) {
    if (isOutage(error)) throw error;
    if (charges.length === 1) return [{ charge: charges[0]!, error }];
    const refused: Refused[] = [];
    for (const charge of charges) refused.push(...(await send(context, origin, [charge])));
    return refused;
  }
  crashPoint('funding.charge.sent');
  await markTaken(context.db, charges);
  crashPoint('funding.charge.stored');
  return [];
}

/** The same charges make the same request, whoever sends it and however often. */
export function requestOf(charges: readonly DueCharge[]): ChargePledgesRequest {
  const request: ChargePledgesRequest = {
    requestId: '',
    charges: charges.map((charge) => ({
      pledgeId: charge.pledge_id,
      projectId: charge.project_id,
      sellerId: charge.seller_id,
      backerId: charge.backer_id,
      billingMethodId: charge.billing_method_id,
      amount: money(charge.currency, charge.charge_minor),
      attempt: charge.attempt,
      platformCouponMinor: charge.platform_coupon_minor,
      sellerCouponMinor: charge.seller_coupon_minor,
      pointsMinor: charge.points_minor,
    })),
  };
  return { ...request, requestId: requestIdOf(ChargePledgesRequest.encode(request).finish()) };
}
