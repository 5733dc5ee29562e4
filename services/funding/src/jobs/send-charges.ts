import { createHash } from 'node:crypto';
import { ChargePledgesRequest } from '@moa/contracts/payment/v1/payment_service';
import { type Clock, crashPoint, Failure, type JobRun, type Origin } from '@moa/kit';
import { money } from '../convert.js';
import type { Context } from '../service.js';
import { type DueCharge, leaseCharges, markTaken } from '../store/charges.js';

const BATCH = 100;
// Not shorter than payment may take to answer, so that no batch is under way twice.
const LEASE_MS = 5_000;

/** Charges are handed to payment, and again until it has taken them: it takes each attempt of a pledge once. */
export const sendCharges = (context: Context, clock: Clock) => async (run: JobRun) => {
  for (;;) {
    if (run.signal.aborted) return;
    const now: Origin = { at: clock.now(), trace: run.trace };
    const charges = await leaseCharges(context.db, now, BATCH, LEASE_MS);
    if (charges.length === 0) return;
    crashPoint('funding.charge.leased');
    await send(context, now, charges);
  }
};

async function send(context: Context, origin: Origin, charges: readonly DueCharge[]): Promise<void> {
  try {
    await context.payment.chargePledges(requestOf(charges), { ...origin });
  } catch (error) {
    // One that payment does not accept must not hold up the others.
    if (!(error instanceof Failure) || error.domain === 'moa' || charges.length === 1) throw error;
    for (const charge of charges) await send(context, origin, [charge]);
    return;
  }
  crashPoint('funding.charge.sent');
  await markTaken(context.db, charges);
  crashPoint('funding.charge.stored');
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
      amount: money(charge.currency, charge.total_minor),
      attempt: charge.attempt,
    })),
  };
  return { ...request, requestId: uuidOf(ChargePledgesRequest.encode(request).finish()) };
}

// A UUIDv8: its bits are a hash of what it stands for.
function uuidOf(bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}
