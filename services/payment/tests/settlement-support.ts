// Staff, and projects with money to settle.
import { randomUUID } from 'node:crypto';
import { ProjectSettled } from '@moa/contracts/funding/v1/funding_events';
import { Payout_State, Settlement_Kind } from '@moa/contracts/payment/v1/settlement';
import { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { openEvents, until } from '@moa/testkit';
import { backerWith, batch, type Clients, chargeOf, type Stand, settled } from './support.js';

export const DAY_MS = 86_400_000;
export const { KIND_EARLY: EARLY, KIND_FINAL: FINAL, KIND_ADJUSTMENT: ADJUSTMENT, KIND_PERIOD: PERIOD } = Settlement_Kind;

export async function openOffice(stand: Stand, clients: Clients, address: string) {
  const settlements = stand.bed.connect(SettlementServiceDefinition, address);
  const events = await openEvents(stand.bed);
  // Two people; each call has a token of its own, since the clock moves on by days.
  const [firstId, secondId] = [randomUUID(), randomUUID()];
  const first = () => stand.bed.as(firstId, 'ADMIN');
  const second = () => stand.bed.as(secondId, 'ADMIN');

  /** A project of a seller with paid pledges of 30,000 won each. */
  async function project(count: number, sellerId: string = randomUUID()) {
    const projectId = randomUUID();
    const backer = await backerWith(stand, clients);
    const charges = Array.from({ length: count }, () => chargeOf(backer, { projectId, sellerId }));
    await clients.funding.chargePledges(batch(...charges));
    for (const { pledgeId } of charges) await settled(clients, backer, pledgeId);
    return { projectId, sellerId, pledgeIds: charges.map(({ pledgeId }) => pledgeId) };
  }

  /** Funding says that every charge of the project has ended. */
  async function endCharges({ projectId, sellerId }: { projectId: string; sellerId: string }): Promise<void> {
    await events.publish(ProjectSettled, { projectId, sellerId, charged: undefined, paidCount: 0, droppedCount: 0 });
    await until(async () => (await stand.rows('SELECT FROM settled_project WHERE project_id = $1', projectId)).length === 1);
  }

  const settle = async (projectId: string, kind: Settlement_Kind) =>
    (await settlements.createSettlement({ requestId: randomUUID(), projectId, kind }, await first())).settlement!;

  const request = async (settlementId: string) =>
    (await settlements.requestPayout({ requestId: randomUUID(), settlementId }, await first())).payout!;

  return {
    definition: SettlementServiceDefinition,
    settlements,
    first,
    second,
    project,
    endCharges,
    settle,
    request,
    /** Requested by one, approved by another; as it stands when it has ended. */
    async payOut(settlementId: string) {
      const { id } = await request(settlementId);
      await settlements.approvePayout({ requestId: randomUUID(), id }, await second());
      return until(async () => {
        const { settlement } = await settlements.getSettlement({ id: settlementId }, await first());
        return settlement!.payout!.state === Payout_State.STATE_APPROVED ? undefined : settlement!.payout;
      });
    },
    refund: (pledgeId: string, amountMinor: number) =>
      clients.funding.refundCharge({
        requestId: randomUUID(),
        pledgeId,
        amount: { currencyCode: 'KRW', amountMinor: BigInt(amountMinor) },
        reason: '환불',
      }),
    transfers: async () =>
      (await stand.ask<{ transfers: { state: string; amountMinor: number; idempotencyKey: string }[] }>('/v1/transfers')).transfers,
    close: () => events.close(),
  };
}
