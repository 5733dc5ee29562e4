// Each event of a pledge says all of it but its lines: the copy takes the newest.
import {
  PledgeCanceled,
  PledgeChanged,
  PledgeChargedBack,
  PledgeCharging,
  PledgeCreated,
  PledgeDropped,
  PledgePaid,
  PledgePartlyRefunded,
  PledgePaymentFailed,
  PledgeRefunded,
  PledgeReleased,
} from '@moa/contracts/funding/v1/funding_events';
import { on, type Subscription } from '@moa/kit';
import type { PledgeState } from '../domain/pledge-copy.js';
import type { PrismaClient } from '../generated/client.js';
import { savePledge } from '../store/pledge-copies.js';

/** What the pledge is after each event. */
const STATES = [
  [PledgeCreated, 'ACTIVE'],
  [PledgeChanged, 'ACTIVE'],
  [PledgeCanceled, 'CANCELED'],
  [PledgeReleased, 'RELEASED'],
  [PledgeCharging, 'CHARGING'],
  [PledgePaid, 'PAID'],
  [PledgePaymentFailed, 'PAYMENT_FAILED'],
  [PledgeDropped, 'DROPPED'],
  [PledgeRefunded, 'REFUNDED'],
  // For its seller it is the same: the money is gone.
  [PledgeChargedBack, 'REFUNDED'],
] as const;

const onPledgePartlyRefunded = on<PledgePartlyRefunded, PrismaClient>(
  PledgePartlyRefunded,
  ({ pledgeId, projectId, total, refunded }, tx, { version }) =>
    savePledge(tx, {
      id: pledgeId,
      projectId,
      state: 'PAID',
      totalMinor: total!.amountMinor,
      refundedMinor: refunded!.amountMinor,
      version,
    }),
);

export const onPledgeEvents: Subscription<PrismaClient>[] = [
  ...STATES.map(([type, state]) => subscription(type, state)),
  onPledgePartlyRefunded,
];

type PledgeEvent = Pick<PledgeCreated, 'pledgeId' | 'projectId' | 'total'>;

function subscription(type: (typeof STATES)[number][0], state: PledgeState): Subscription<PrismaClient> {
  return on<PledgeEvent, PrismaClient>(type as typeof PledgeCreated, ({ pledgeId, projectId, total }, tx, { version }) => {
    const { amountMinor: totalMinor } = total!;
    return savePledge(tx, {
      id: pledgeId,
      projectId,
      state,
      totalMinor,
      refundedMinor: state === 'REFUNDED' ? totalMinor : 0n,
      version,
    });
  });
}
