// Makes My Page's copies anew: from the streams as far as they are kept, then from the owners, who know everything. Nothing is locked, and events go
// on to be heard: what is found to differ is put right row by row, and a newer version always wins.

import { Coupon_State } from '@moa/contracts/coupon/v1/coupon';
import type { CouponForMyPage } from '@moa/contracts/coupon/v1/coupon_service';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import type { PledgeForMyPage } from '@moa/contracts/funding/v1/pledge_service';
import { Order_State } from '@moa/contracts/purchase/v1/order';
import type { OrderForMyPage } from '@moa/contracts/purchase/v1/order_service';
import { crashPoint, enumName, type Host, type JobRun, type Subscription, type Transaction, transaction } from '@moa/kit';
import type { MyPageRebuild, PrismaClient } from '../generated/client.js';
import type { Context, Owners } from '../service.js';
import { saveCoupon } from '../store/coupon-copies.js';
import { saveOrder } from '../store/order-copies.js';
import { savePledge, saveProject } from '../store/pledge-copies.js';
import { applyRebuild, leaseRebuild, noteRebuild, writeBeside } from '../store/rebuilds.js';
import { saveReviewRight } from '../store/review-rights.js';

type Tx = Transaction<PrismaClient>;

/** Takes up the rebuild that waits, if there is one. */
export const rebuildMyPage =
  ({ db, owners }: Context, host: Pick<Host, 'replay' | 'clock'>, subscriptions: readonly Subscription<PrismaClient>[]) =>
  async (run: JobRun): Promise<void> => {
    const rebuild = await transaction(db, (tx) => leaseRebuild(tx, run));
    if (!rebuild) return;
    const note = (more: Parameters<typeof noteRebuild>[3]) => noteRebuild(db.client, rebuild.id, host.clock.now(), more);
    try {
      const events = await host.replay('rebuild', db, subscriptions.map(beside(note)), run.signal);
      crashPoint('user.rebuild.streams');
      await note({ step: 'OWNERS', events: events % EVENTS_A_NOTE });
      for (const read of readersOf(owners)) {
        for (let after = ''; ; ) {
          if (run.signal.aborted) return;
          const { save, lastId, count } = await read(after, run);
          if (count === 0) break;
          await transaction(db, async (tx) => {
            await writeBeside(tx);
            await save(tx);
          });
          await note({ owned: count });
          after = lastId;
        }
      }
      crashPoint('user.rebuild.owners');
      await transaction(db, (tx) => applyRebuild(tx, rebuild as MyPageRebuild, host.clock.now()));
    } catch (error) {
      // It begins again when the lease is over.
      await note({ lastError: (error as Error).message });
      throw error;
    }
  };

const EVENTS_A_NOTE = 500;

// The same effect, written beside the copies in use.
function beside(note: (more: { events: number }) => Promise<void>) {
  let events = 0;
  return ({ type, apply }: Subscription<PrismaClient>): Subscription<PrismaClient> => ({
    type,
    apply: async (payload, tx, info) => {
      await writeBeside(tx);
      await apply(payload, tx, info);
      events += 1;
      if (events % EVENTS_A_NOTE === 0) await note({ events: EVENTS_A_NOTE });
    },
  });
}

interface Batch {
  readonly save: (tx: Tx) => Promise<void>;
  readonly lastId: string;
  readonly count: number;
}

const batchOf = <T extends { id: string }>(items: readonly T[], saveOne: (tx: Tx, item: T) => Promise<void>): Batch => ({
  count: items.length,
  lastId: items.at(-1)?.id ?? '',
  save: async (tx) => {
    for (const item of items) await saveOne(tx, item);
  },
});

const readersOf = ({ pledges, orders, coupons }: Owners) => [
  async (afterId: string, run: JobRun) => batchOf((await pledges.listPledgesForMyPage({ afterId }, run)).pledges, savePledgeOf),
  async (afterId: string, run: JobRun) => batchOf((await orders.listOrdersForMyPage({ afterId }, run)).orders, saveOrderOf),
  async (afterId: string, run: JobRun) => batchOf((await coupons.listCouponsForMyPage({ afterId }, run)).coupons, saveCouponOf),
];

async function savePledgeOf(
  tx: Tx,
  { projectTitle, projectVersion, total, state, deliveryTime, ...pledge }: PledgeForMyPage,
): Promise<void> {
  const name = enumName<'PAID' | 'REFUNDED' | 'CHARGED_BACK'>(Pledge_State, state, 'STATE_')!;
  await saveProject(tx, { id: pledge.projectId, title: projectTitle, version: projectVersion });
  const { currencyCode: currency, amountMinor: totalMinor } = total!;
  await savePledge(tx, { ...pledge, state: name, currency, totalMinor, createTime: pledge.createTime! });
  const givenBack = name === 'REFUNDED' || name === 'CHARGED_BACK';
  if (!deliveryTime && !givenBack) return;
  const { id: subjectId, backerId: accountId, projectId: itemId, version, createTime } = pledge;
  await saveReviewRight(tx, {
    subjectId,
    accountId,
    kind: 'PLEDGE',
    itemId,
    title: '',
    givenBack,
    version,
    since: deliveryTime ?? createTime!,
  });
}

async function saveOrderOf(tx: Tx, { completedLines, state, total, refunded, ...order }: OrderForMyPage): Promise<void> {
  await saveOrder(tx, {
    ...order,
    state: enumName(Order_State, state, 'STATE_')!,
    currency: total!.currencyCode,
    totalMinor: total!.amountMinor,
    refundedMinor: refunded!.amountMinor,
    createTime: order.createTime!,
  });
  for (const { lineId, productId, title, completeTime } of completedLines) {
    await saveReviewRight(tx, {
      subjectId: lineId,
      accountId: order.buyerId,
      kind: 'ORDER_LINE',
      itemId: productId,
      title,
      givenBack: false,
      version: order.version,
      since: completeTime!,
    });
  }
}

const saveCouponOf = (tx: Tx, { state, issueTime, ...coupon }: CouponForMyPage): Promise<void> =>
  saveCoupon(tx, { ...coupon, state: enumName(Coupon_State, state, 'STATE_')!, issueTime: issueTime! });
