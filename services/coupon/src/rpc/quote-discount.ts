import type { CouponServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import type { Handler } from '@moa/kit';
import { basketOf, quoteToProto } from '../convert.js';
import { bestQuote, quote } from '../domain/rules.js';
import type { Context } from '../service.js';
import { findCandidates, listCandidates } from '../store/coupons.js';

type QuoteDiscount = Handler<typeof CouponServiceDefinition.methods.quoteDiscount>;

/** Of those of a person that are looked at, when none is named. */
const MOST_LOOKED_AT = 100;

export const quoteDiscount =
  ({ db }: Context): QuoteDiscount =>
  async (request, { caller, at }) => {
    const couponIds = [...new Set(request.couponIds)];
    const basket = basketOf(request);
    if (couponIds.length === 0) {
      const best = bestQuote(basket, await listCandidates(db.client, caller.accountId, MOST_LOOKED_AT), at);
      return { quote: quoteToProto(best, request.currencyCode) };
    }
    const candidates = await findCandidates(db.client, caller.accountId, couponIds);
    const unknown = couponIds.filter((id) => !candidates.some(({ couponId }) => couponId === id));
    return { quote: quoteToProto(quote(basket, candidates, at, unknown), request.currencyCode) };
  };
