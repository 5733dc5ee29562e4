// Brings an approved payout to its end: sends the money to the seller's account, and writes it down.
import { status } from '@grpc/grpc-js';
import { crashPoint, Failure, type Origin, originAt } from '@moa/kit';
import type { BankAccount, Transfer } from '../bank/port.js';
import { pauseMs } from '../domain/charge.js';
import { transferKeyOf } from '../domain/settlement.js';
import { OutcomeUnknown } from '../provider/port.js';
import type { Context } from '../service.js';
import { type ClaimedPayout, failPayout, postponePayout, settlePayout } from '../store/payouts.js';

/** Without an answer it stays APPROVED, and is asked for again after a pause. */
export async function payOut(context: Context, payout: ClaimedPayout): Promise<void> {
  const { db, clock, log } = context;
  const { id, trace, tries } = payout;
  const now = trace ? { ...originAt(clock.now()), trace } : originAt(clock.now());
  try {
    const transfer = await transferOf(context, now, payout);
    crashPoint('payment.payout.answered');
    if (transfer.state === 'MADE') await settlePayout(db, now, id, transfer.id);
    else await failPayout(db, now, id, transfer.code);
    crashPoint('payment.payout.settled');
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    log.warn({ payoutId: id, tries, cause: error.message }, 'outcome of a payout unknown');
    await postponePayout(db, id, pauseMs(tries));
  }
}

// What may have been sent before is asked for first. What the bank never booked is sent under the same key: it is made once, even if the
// first request is still on its way, and even if the seller has another account by now.
async function transferOf(context: Context, now: Origin, payout: ClaimedPayout): Promise<Transfer> {
  const { bank } = context;
  const { id, currency, amountMinor, tries } = payout;
  const idempotencyKey = transferKeyOf(id);
  const isFirst = tries === 1;
  const found = isFirst ? undefined : await bank.findTransfer(idempotencyKey);
  if (found) return found;
  const account = await accountOf(context, now, payout);
  if ('refusal' in account) {
    if (isFirst) return { state: 'REFUSED', code: account.refusal };
    // It may have left for the account of before.
    throw new OutcomeUnknown(`the seller's account may not be used: ${account.refusal}`);
  }
  crashPoint('payment.payout.sending');
  return bank.transfer({ idempotencyKey, account, currency, amountMinor });
}

async function accountOf(
  { seller }: Context,
  now: Origin,
  { sellerId }: ClaimedPayout,
): Promise<BankAccount | { readonly refusal: string }> {
  try {
    return (await seller.getSettlementAccount({ sellerId }, now)).account!;
  } catch (error) {
    const isRefused = error instanceof Failure && (error.code === status.FAILED_PRECONDITION || error.code === status.NOT_FOUND);
    if (isRefused) return { refusal: error.reason };
    throw new OutcomeUnknown('the seller service does not answer', { cause: error });
  }
}
