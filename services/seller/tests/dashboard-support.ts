// A seller service that hears of fundings, and what funding would say of them.
import { randomUUID } from 'node:crypto';
import { type ProjectClosed, ProjectPublished, type ProjectSettled } from '@moa/contracts/funding/v1/funding_events';
import { Project_State } from '@moa/contracts/funding/v1/project';
import { SettlementCreated } from '@moa/contracts/payment/v1/payment_events';
import { openEvents, until } from '@moa/testkit';
import { openSeller } from './support.js';

export const won = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });

export async function openDashboard(name: string) {
  const house = await openSeller(name);
  const events = await openEvents(house.bed);

  /** A seller's token: whether the person is registered does not matter to copies. */
  async function person() {
    const id = randomUUID();
    return { id, as: await house.bed.as(id, 'USER', 'SELLER') };
  }

  /** Waits until everything that was published until now is in the copies, and known to be. */
  async function caughtUp(): Promise<void> {
    // How far a copy has come is known of a stream once there is one.
    await events.publish(ProjectPublished, projectOf(randomUUID()).published);
    await events.publish(SettlementCreated, settlementOf(randomUUID()));
    const now = house.bed.now();
    const { as } = await person();
    await until(async () => {
      const { asOf } = await house.dashboard.listFundingHistory({ pageSize: 1, pageToken: '' }, as);
      return asOf && asOf > now;
    });
  }

  return {
    ...house,
    events,
    person,
    caughtUp,
    async close() {
      await events.close();
      await house.close();
    },
  };
}

/** What funding says of one project, from its opening to its end. */
export function projectOf(sellerId: string, changes: Partial<ProjectPublished> = {}) {
  const projectId = randomUUID();
  const closeTime = new Date('2026-12-01T09:00:00Z');
  return {
    projectId,
    published: { projectId, sellerId, title: '달항아리', category: '공예', goal: won(100_000n), closeTime, ...changes },
    closed: (raisedMinor: bigint, pledgeCount: number, outcome: 'CHARGING' | 'FAILED' | 'CANCELED'): ProjectClosed => ({
      projectId,
      sellerId,
      outcome: Project_State[`STATE_${outcome}`],
      raised: won(raisedMinor),
      pledgeCount,
    }),
    settled: { projectId, sellerId, charged: won(0n), paidCount: 0, droppedCount: 0 } satisfies ProjectSettled,
  };
}

export const pledgeOf = (projectId: string, amountMinor: bigint) => ({
  pledgeId: randomUUID(),
  projectId,
  backerId: randomUUID(),
  total: won(amountMinor),
});

export const settlementOf = (sellerId: string, changes: Partial<SettlementCreated> = {}): SettlementCreated => ({
  settlementId: randomUUID(),
  sellerId,
  projectId: '',
  net: won(10_000n),
  createTime: new Date('2026-12-20T00:00:00Z'),
  periodStart: undefined,
  periodEnd: undefined,
  ...changes,
});
