// What the tests of coupons share: the service in this process, campaigns and people.
import { randomUUID } from 'node:crypto';
import { CampaignTerms, CampaignTerms_CodeKind, type DiscountableLine, Flow, Payer } from '@moa/contracts/coupon/v1/coupon';
import {
  CouponAdminServiceDefinition,
  CouponHoldServiceDefinition,
  CouponServiceDefinition,
} from '@moa/contracts/coupon/v1/coupon_service';
import { readConfig } from '@moa/kit';
import { openTestbed, reasonOf } from '@moa/testkit';
import pg from 'pg';
import { variables } from '../src/config.js';
import { startCoupon } from '../src/service.js';

export const DAY_MS = 86_400_000;

export const bed = await openTestbed('coupon');
export const sql = new pg.Pool({ connectionString: await bed.databaseUrl('coupon'), max: 4 });

export const clientsOf = (address: string) => ({
  coupons: bed.connect(CouponServiceDefinition, address),
  admin: bed.connect(CouponAdminServiceDefinition, address),
  purchase: bed.connect(CouponHoldServiceDefinition, address, { as: 'purchase' }),
  user: bed.connect(CouponHoldServiceDefinition, address, { as: 'user' }),
});

/** `more` is told to it besides. */
export async function openCoupon(more: Readonly<Record<string, string>> = {}) {
  const running = await startCoupon(readConfig(variables, { ...(await bed.environment('coupon')), ...more }));
  return { ...clientsOf(running.address), stop: () => running.stop() };
}

export async function closeBed(...stops: (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops) await stop();
  await sql.end();
  await bed.close();
}

export const won = (amountMinor: bigint | number) => ({ currencyCode: 'KRW', amountMinor: BigInt(amountMinor) });
export const staff = () => bed.as(randomUUID(), 'ADMIN');

/** 1,000 won off everything, paid by the platform, unless said otherwise. */
export const termsOf = (more: Partial<CampaignTerms> = {}): CampaignTerms =>
  CampaignTerms.fromPartial({
    name: '첫 구매 감사 쿠폰',
    discount: { kind: { $case: 'fixedMinor', value: 1_000n } },
    scope: {},
    payer: Payer.PAYER_PLATFORM,
    validity: { kind: { $case: 'days', value: 30 } },
    codeKind: CampaignTerms_CodeKind.CODE_KIND_NONE,
    currencyCode: 'KRW',
    ...(more as object),
  });

type Clients = Awaited<ReturnType<typeof openCoupon>>;

export async function campaign({ admin }: Pick<Clients, 'admin'>, more: Partial<CampaignTerms> = {}): Promise<string> {
  const { campaign } = await admin.createCampaign({ requestId: randomUUID(), terms: termsOf(more) }, await staff());
  return campaign!.id;
}

export async function granted({ admin }: Pick<Clients, 'admin'>, campaignId: string, accountId: string): Promise<string> {
  const { coupon } = await admin.grantCoupon({ requestId: randomUUID(), campaignId, accountId }, await staff());
  return coupon!.id;
}

export const lineOf = (amountMinor: number, more: Partial<DiscountableLine> = {}): DiscountableLine => ({
  lineId: randomUUID(),
  itemId: randomUUID(),
  sellerId: randomUUID(),
  category: 'home',
  amountMinor: BigInt(amountMinor),
  ...more,
});

/** What an order asks for: one line of 10,000 won, unless said otherwise. */
export const reservation = (ownerId: string, couponIds: string[], more: object = {}) => ({
  requestId: randomUUID(),
  holderId: randomUUID(),
  flow: Flow.FLOW_INSTANT,
  ownerId,
  couponIds,
  lines: [lineOf(10_000)],
  currencyCode: 'KRW',
  expireTime: undefined as Date | undefined,
  ...more,
});

export const held = (holderId: string) => ({ requestId: randomUUID(), holderId });

/** The reason of a refusal; fails the test when there was none. */
export async function refusal(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(
    () => new Error('was not refused'),
    (error: unknown) => error,
  );
  return reasonOf(error) ?? String(error);
}

export async function couponRow(id: string) {
  const { rows } = await sql.query(
    'SELECT state, holder_id AS "holderId", discount_minor::integer AS discount, version::integer FROM coupon WHERE id = $1',
    [id],
  );
  return rows[0] as { state: string; holderId: string | null; discount: number; version: number };
}

export async function spentOf(campaignId: string): Promise<number> {
  return (await sql.query('SELECT spent_minor::integer AS spent FROM campaign WHERE id = $1', [campaignId])).rows[0].spent;
}
