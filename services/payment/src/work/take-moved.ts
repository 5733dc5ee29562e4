// What became of a paid charge at the provider, written down: refunds that we asked for and others, and chargebacks.
import type { Origin } from '@moa/kit';
import { refundOfKey } from '../domain/charge.js';
import type { ProviderCharge } from '../provider/port.js';
import type { Context } from '../service.js';
import { chargeBack, settleRefund, takeForeignRefund } from '../store/refunds.js';

/** Once for each, however often it is told. */
export async function takeMoved({ db }: Context, origin: Origin, paymentId: string, charge: ProviderCharge): Promise<void> {
  for (const refund of charge.refunds) {
    const own = refundOfKey(refund.idempotencyKey);
    if (own) await settleRefund(db, origin, own, refund.feeMinor);
    else await takeForeignRefund(db, origin, paymentId, refund);
  }
  if (charge.state === 'CHARGED_BACK') await chargeBack(db, origin, paymentId);
}
