// Charges that the provider booked in our name and that none of our attempts stands for: taken in, and given back.
import { crashPoint, type Origin, originAt } from '@moa/kit';
import { orphanKeyOf, pauseMs } from '../domain/charge.js';
import { entriesOfOrphan, entriesOfOrphanReturn } from '../domain/ledger.js';
import type { OrphanReason } from '../domain/orphan.js';
import { OutcomeUnknown, type ProviderCharge } from '../provider/port.js';
import type { Context } from '../service.js';
import { type ClaimedOrphan, postponeOrphan, saveOrphan, settleOrphan } from '../store/orphans.js';

/** Takes a charge in that is none of ours, once: from here on it goes back by itself. */
export async function takeOrphan(context: Context, origin: Origin, charge: ProviderCharge, reason: OrphanReason): Promise<void> {
  const taken = await saveOrphan(context.db, origin, charge, reason, entriesOfOrphan(charge.amountMinor, charge.feeMinor));
  if (!taken) return;
  crashPoint('payment.orphan.taken');
  // Somebody has to find out how it came about.
  const facts = { alarm: 'ORPHAN', chargeId: charge.id, key: charge.idempotencyKey, reason };
  context.log.error(facts, 'a charge that is none of ours is given back');
  context.wakeOrphans();
}

/** Works on one that was claimed. Without an answer it waits, and is tried again after a pause. */
export async function finishOrphan(context: Context, orphan: ClaimedOrphan): Promise<void> {
  const { db, clock, log } = context;
  const now = originAt(clock.now());
  try {
    await giveOrphanBack(context, orphan.trace ? { ...now, trace: orphan.trace } : now, orphan);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    log.warn({ chargeId: orphan.chargeId, tries: orphan.tries, cause: error.message }, 'an orphan has not gone back yet');
    await postponeOrphan(db, orphan, pauseMs(orphan.tries));
  }
}

async function giveOrphanBack(
  { db, provider }: Context,
  origin: Origin,
  { chargeId, currency, amountMinor, tries }: ClaimedOrphan,
): Promise<void> {
  crashPoint('payment.orphan.sending');
  const before = await ask(provider.getCharge(chargeId));
  if (!isGone(before)) {
    // What is left of it: somebody may have given some of it back before.
    const left = before.amountMinor - before.refunds.reduce((sum, refund) => sum + refund.amountMinor, 0n);
    const order = { chargeId, idempotencyKey: orphanKeyOf(chargeId), currency, amountMinor: left, reason: 'not asked for', tries };
    await provider.refund(order);
  }
  crashPoint('payment.orphan.answered');
  // Whoever gave it back, or took it: what counts is that it is gone.
  const after = await ask(provider.getCharge(chargeId));
  if (!isGone(after)) throw new OutcomeUnknown('a charge was not given back');
  const feeMinor = after.refunds.reduce((sum, refund) => sum + refund.feeMinor, 0n);
  await settleOrphan(db, origin, chargeId, entriesOfOrphanReturn(amountMinor, feeMinor));
  crashPoint('payment.orphan.settled');
}

const isGone = ({ state }: ProviderCharge): boolean => state === 'CANCELED' || state === 'CHARGED_BACK';

async function ask(answer: Promise<ProviderCharge | undefined>): Promise<ProviderCharge> {
  const charge = await answer;
  if (!charge) throw new OutcomeUnknown('a charge is not there any more');
  return charge;
}
