// The shop opens: sellers put things on sale, and staff give coupons and points away.

import { CampaignTerms_CodeKind, Payer } from '@moa/contracts/coupon/v1/coupon';
import { atOnce } from '../at-once.js';
import type { ProductData } from '../data.js';
import { krw } from '../money.js';
import { type Person, reasonOf } from '../people.js';
import type { Stage } from '../stage.js';
import type { Guest } from './backers.js';

const CROWD = 32;
/** Of those who want one, one in four gets a coupon. */
const ONE_COUPON_FOR = 4;
const COUPON_WON = 5_000;
const POINTS_WON = 1_500;
/** One in three is given points. */
const POINTS_FOR_EVERY = 3;

export interface Goods {
  readonly data: ProductData;
  readonly seller: Person;
  readonly productId: string;
  readonly variantIds: readonly string[];
}

export function openShop(sellers: readonly Person[], products: readonly ProductData[]): Promise<Goods[]> {
  return Promise.all(
    products.map(async (data) => {
      const seller = sellers[data.seller % sellers.length]!;
      await seller.signIn();
      const { products: catalogue } = seller.moa;
      const { title, description, category, price, compareAt, option, stock } = data;
      const variant = (optionValues: string[]) => ({
        optionValues,
        price: krw(price),
        ...(compareAt !== undefined && { compareAtPrice: krw(compareAt) }),
      });
      const { product } = await catalogue.createProduct({
        text: { title, description, category, imageUrls: [] },
        options: option ? [{ name: option.name, values: [...option.values] }] : [],
        variants: option ? option.values.map((value) => variant([value])) : [variant([])],
      });
      const variantIds = product!.variants.map(({ id }) => id);
      for (const variantId of variantIds) await catalogue.setStock({ variantId, change: { $case: 'onHand', value: stock } });
      await catalogue.publishProduct({ id: product!.id });
      return { data, seller, productId: product!.id, variantIds };
    }),
  );
}

export interface CouponRush {
  readonly campaignId: string;
  readonly limit: number;
  /** By the account that has it. */
  readonly couponIds: ReadonlyMap<string, string>;
  readonly tooLate: number;
}

/** Everybody wants one of a few coupons at once. */
export async function rushForCoupons(admin: Person, guests: readonly Pick<Guest, 'person'>[]): Promise<CouponRush> {
  const limit = Math.max(1, Math.floor(guests.length / ONE_COUPON_FOR));
  const { campaign } = await admin.moa.couponAdmin.createCampaign({
    terms: {
      name: '선착순 5,000원 쿠폰',
      discount: { kind: { $case: 'fixedMinor', value: BigInt(COUPON_WON) } },
      minimumSpendMinor: 10_000n,
      scope: {},
      payer: Payer.PAYER_PLATFORM,
      validity: { kind: { $case: 'days', value: 60 } },
      totalLimit: limit,
      limitPerUser: 1,
      codeKind: CampaignTerms_CodeKind.CODE_KIND_NONE,
      claimable: true,
      returnedOnRefund: true,
      currencyCode: 'KRW',
    },
  });
  const couponIds = new Map<string, string>();
  let tooLate = 0;
  await atOnce(CROWD, guests, async ({ person }) => {
    try {
      const { coupon } = await person.moa.coupons.claimCoupon({ campaignId: campaign!.id });
      couponIds.set(person.accountId, coupon!.id);
    } catch (error) {
      if (reasonOf(error) !== 'CAMPAIGN_EXHAUSTED') throw error;
      tooLate += 1;
    }
  });
  return { campaignId: campaign!.id, limit, couponIds, tooLate };
}

/** By the account that has them. Staff have just signed in: it is their rush before this. */
export async function givePoints(stage: Stage, admin: Person, guests: readonly Guest[]): Promise<Map<string, bigint>> {
  const lucky = guests.filter((_, nth) => nth % POINTS_FOR_EVERY === 0);
  await atOnce(CROWD, lucky, ({ person }) =>
    admin.moa.points.grantPoints({
      accountId: person.accountId,
      amountMinor: BigInt(POINTS_WON),
      reason: `${stage.runId} 개장 기념 포인트`,
    }),
  );
  return new Map(lucky.map(({ person }) => [person.accountId, BigInt(POINTS_WON)]));
}
