// ClaimCoupon as it is written first: lock the campaign's row, count, insert, in a transaction of Prisma. It has the house's chain and
// pool, and does less than the service: no event is written, and no request remembered.
import { randomUUID } from 'node:crypto';
import { CouponServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { PrismaClient } from '@moa/coupon/client';
import { readCouponConfig } from '@moa/coupon/config';
import { fail } from '@moa/coupon/errors';
import { type Handler, openHost } from '@moa/kit';

type ClaimCoupon = Handler<typeof CouponServiceDefinition.methods.claimCoupon>;

const PATIENCE_MS = 30_000;
const DAY_MS = 86_400_000;

const host = await openHost('coupon', readCouponConfig());
const db = host.database((adapter) => new PrismaClient({ adapter }));

const claimCoupon: ClaimCoupon = ({ campaignId }, { caller }) =>
  db.client.$transaction(
    async (tx) => {
      await tx.$queryRaw`SELECT FROM campaign WHERE id = ${campaignId}::uuid FOR UPDATE`;
      const campaign = await tx.campaign.findUniqueOrThrow({ where: { id: campaignId } });
      const issued = BigInt(await tx.coupon.count({ where: { campaignId } }));
      if (issued >= campaign.totalLimit) throw fail('CAMPAIGN_EXHAUSTED', { campaignId });
      const owned = await tx.coupon.count({ where: { campaignId, ownerId: caller.accountId } });
      if (owned > 0) throw fail('ALREADY_CLAIMED', { campaignId });
      const issueTime = new Date();
      const expireTime = new Date(issueTime.getTime() + campaign.validDays! * DAY_MS);
      const data = { id: randomUUID(), campaignId, ownerId: caller.accountId, source: 'CLAIM', ordinal: 1, issueTime, expireTime };
      await tx.coupon.create({ data });
      return { coupon: undefined };
    },
    { maxWait: PATIENCE_MS, timeout: PATIENCE_MS },
  );

const others = Object.fromEntries(Object.keys(CouponServiceDefinition.methods).map((method) => [method, async () => ({})]));
host.serve(CouponServiceDefinition, { ...others, claimCoupon } as never);
const { address } = await host.listen();
process.send!({ address });
