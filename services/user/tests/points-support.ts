import { randomUUID } from 'node:crypto';
import { Order_State } from '@moa/contracts/purchase/v1/order';
import type { OrderCompleted, OrderReturned } from '@moa/contracts/purchase/v1/purchase_events';
import { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { type PointEntry, PointEntry_Kind } from '@moa/contracts/user/v1/points';
import { PointsChanged } from '@moa/contracts/user/v1/user_events';
import { until } from '@moa/testkit';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { openUser } from './support.js';
import { startUserProcess, type UserProcess } from './user-process.js';

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;

export const won = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });

const kindNames = new Map(Object.entries(PointEntry_Kind).map(([name, kind]) => [kind as number, name.slice('KIND_'.length)]));
const kindName = (kind: PointEntry_Kind) => kindNames.get(kind)!;

/** What an order's event says besides its lines. */
const orderFacts = (buyerId: string, orderId: string) => ({
  orderId,
  buyerId,
  state: Order_State.STATE_DELIVERED,
  total: won(0n),
  refunded: won(0n),
});

export interface Line {
  readonly lineId: string;
  readonly paidMinor: bigint;
  readonly completed?: boolean;
}

const lineOf = ({ lineId, paidMinor, completed = false }: Line) => ({
  lineId,
  productId: randomUUID(),
  variantId: randomUUID(),
  sellerId: randomUUID(),
  quantity: 1,
  title: '잔',
  paid: won(paidMinor),
  pointsMinor: 0n,
  completed,
});

export const completedOrder = (buyerId: string, lines: readonly Line[], orderId: string = randomUUID()): OrderCompleted => ({
  ...orderFacts(buyerId, orderId),
  lines: lines.map(lineOf),
  completeTime: undefined,
});

export const returnedOrder = (buyerId: string, lines: readonly Line[], orderId: string = randomUUID()): OrderReturned => ({
  ...orderFacts(buyerId, orderId),
  lines: lines.map(lineOf),
});

/** A user service, its points as each of their callers sees them, and its database. */
export async function openPoints(name: string) {
  const house = await openUser(name);
  const { bed, events } = house;
  const clientsAt = (address: string) => ({
    points: bed.connect(PointServiceDefinition, address),
    purchase: bed.connect(PointServiceDefinition, address, { as: 'purchase' }),
  });
  let clients = clientsAt(house.address);
  let child: UserProcess | undefined;
  const staff = randomUUID();
  const pool = new pg.Pool({ connectionString: await bed.databaseUrl('user') });
  const told = await events.listen(PointsChanged);
  const rows = async <T extends object>(sql: string, values: unknown[] = []) => (await pool.query<T>(sql, values)).rows;

  const person = async () => {
    const { id } = await house.person();
    // A token lives shorter than the clocks of these tests run.
    return { id, token: () => bed.as(id) };
  };
  type Person = Awaited<ReturnType<typeof person>>;

  return {
    ...house,
    points: clients.points,
    purchase: clients.purchase,
    /** Runs the service as a new process, which dies at the point if one is named; the one before is killed. */
    async restart(crashAt = '') {
      await house.stop();
      child?.kill();
      await child?.ended;
      child = await startUserProcess(house.environment, crashAt);
      if (child.address) clients = clientsAt(child.address);
      return child;
    },
    person,
    told,
    rows,
    grant: async ({ id }: Person, amountMinor: bigint, expireTime?: Date, requestId: string = randomUUID()) =>
      clients.points.grantPoints({ requestId, accountId: id, amountMinor, reason: '감사합니다', expireTime }, await bed.as(staff, 'ADMIN')),
    hold: ({ id }: Person, amountMinor: bigint, holderId: string = randomUUID(), expireTime?: Date) =>
      clients.purchase.holdPoints({ requestId: randomUUID(), holderId, accountId: id, amountMinor, expireTime }).then(() => holderId),
    capture: async (holderId: string) => (await clients.purchase.capturePoints({ requestId: randomUUID(), holderId })).spentMinor,
    release: (holderId: string) => clients.purchase.releasePoints({ requestId: randomUUID(), holderId }),
    giveBack: (holderId: string, amountMinor: bigint, requestId: string = randomUUID()) =>
      clients.purchase.returnPoints({ requestId, holderId, amountMinor }),
    balanceOf: async ({ token }: Person) => (await clients.points.getPointBalance({}, await token())).balance!,
    /** Kind and amount of everything that happened, oldest first. */
    async entriesOf({ token }: Person) {
      const entries: PointEntry[] = [];
      for (let pageToken = '', more = true; more; more = pageToken !== '') {
        const page = await clients.points.listPointEntries({ pageSize: 100, pageToken }, await token());
        entries.push(...page.entries);
        pageToken = page.nextPageToken;
      }
      return entries.map(({ kind, amountMinor }) => `${kindName(kind)} ${amountMinor}`).toReversed();
    },
    /** What is left in each lot, the first to expire first. */
    async lotsOf({ token }: Person) {
      const { lots } = await clients.points.listPointLots({ pageSize: 100, pageToken: '' }, await token());
      return lots.map(({ leftMinor }) => leftMinor);
    },
    /** The sums that everybody relies on: entries, lots, and what was told come to the same. */
    async checkSums() {
      const [sums] = await rows<{ accounts: string; entries: string; lots: string; held: string }>(`
        SELECT (SELECT coalesce(sum(balance_minor), 0) FROM point_account) AS accounts,
          (SELECT coalesce(sum(amount_minor), 0) FROM point_entry) AS entries,
          (SELECT coalesce(sum(left_minor + held_minor), 0) FROM point_lot) AS lots,
          (SELECT coalesce(sum(amount_minor), 0) FROM point_hold WHERE state = 'HELD')
            - (SELECT coalesce(sum(held_minor), 0) FROM point_account) AS held`);
      assert.is(sums!.held, '0');
      assert.is(sums!.entries, sums!.accounts);
      assert.is(sums!.lots, sums!.accounts);
      const sumTold = () => told.reduce((sum, { amount }) => sum + amount!.amountMinor, 0n);
      await until(() => sumTold() === BigInt(sums!.accounts));
    },
    async close() {
      child?.kill();
      await child?.ended;
      await pool.end();
      await house.close();
    },
  };
}
