import { createHash } from 'node:crypto';
import { CouponOutcome_Outcome, Quote } from '@moa/contracts/coupon/v1/coupon';
import type { CouponHoldServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { crashPoint, type Handler, transaction } from '@moa/kit';
import { basketOf, quoteToProto } from '../convert.js';
import { isAllApplied, quote } from '../domain/rules.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findCandidates } from '../store/coupons.js';
import { lockCoupons, openHolder, reserve } from '../store/holders.js';

type ReserveCoupons = Handler<typeof CouponHoldServiceDefinition.methods.reserveCoupons>;

export const reserveCoupons =
  ({ db }: Context): ReserveCoupons =>
  async (request, call) => {
    const { holderId, ownerId, expireTime } = request;
    const couponIds = [...new Set(request.couponIds)];
    const answer = await transaction(db, async (tx) => {
      const known = await openHolder(tx, call, { id: holderId, hash: hashOf(request), expireTime });
      if (known) return Quote.decode(known);
      await lockCoupons(tx, couponIds);
      const candidates = await findCandidates(tx, ownerId, couponIds);
      const unknown = couponIds.filter((id) => !candidates.some(({ couponId }) => couponId === id));
      const priced = quote(basketOf(request), candidates, call.at, unknown);
      const shown = quoteToProto(priced, request.currencyCode);
      if (!isAllApplied(priced)) throw notUsable(shown);
      await reserve(tx, call, holderId, priced, Quote.encode(shown).finish());
      crashPoint('coupon.reserving');
      return shown;
    });
    crashPoint('coupon.reserved');
    return { quote: answer };
  };

function notUsable({ coupons }: Quote) {
  const { couponId, outcome, missingMinor } = coupons.find((coupon) => coupon.outcome !== CouponOutcome_Outcome.OUTCOME_APPLIED)!;
  const name = Object.keys(CouponOutcome_Outcome).find(
    (key) => CouponOutcome_Outcome[key as keyof typeof CouponOutcome_Outcome] === outcome,
  )!;
  return fail('COUPON_NOT_USABLE', { couponId, outcome: name.replace('OUTCOME_', ''), missingMinor });
}

// Of all that is asked, but for the request's own id: another call may ask for the same.
const hashOf = ({ requestId: _, ...asked }: object & { requestId: string }): string =>
  createHash('sha256')
    .update(JSON.stringify(asked, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)))
    .digest('hex');
