// Each event of a pledge says all of it but its lines: the copy takes the newest.
import {
  PledgeCanceled,
  PledgeChanged,
  PledgeChargedBack,
  PledgeCharging,
  PledgeCreated,
  PledgeDropped,
  PledgePaid,
  PledgePaymentFailed,
  PledgeRefunded,
  PledgeReleased,
} from '@moa/contracts/funding/v1/funding_events';
import { on, type Subscription } from '@moa/kit';
import type { PledgeState } from '../domain/pledge.js';
import type { PrismaClient } from '../generated/client.js';
import { savePledge } from '../store/pledge-copies.js';
import { saveReviewRight } from '../store/review-rights.js';

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
  [PledgeChargedBack, 'CHARGED_BACK'],
] as const;

export const onPledgeEvents: Subscription<PrismaClient>[] = STATES.map(([type, state]) => subscription(type, state));

type PledgeEvent = Pick<PledgeCreated, 'pledgeId' | 'projectId' | 'backerId' | 'total'> & Partial<Pick<PledgeCreated, 'createTime'>>;

function subscription(type: (typeof STATES)[number][0], state: PledgeState): Subscription<PrismaClient> {
  return on<PledgeEvent, PrismaClient>(
    type as typeof PledgeCreated,
    async ({ pledgeId, projectId, backerId, total, createTime }, tx, { version, time }) => {
      await savePledge(tx, {
        id: pledgeId,
        projectId,
        backerId,
        state,
        currency: total!.currencyCode,
        totalMinor: total!.amountMinor,
        version,
        createTime: createTime ?? time,
      });
      if (state !== 'REFUNDED' && state !== 'CHARGED_BACK') return;
      // What was given back is not reviewed, whichever of the two is heard first.
      const right = { subjectId: pledgeId, accountId: backerId, kind: 'PLEDGE', itemId: projectId, title: '', since: time } as const;
      await saveReviewRight(tx, { ...right, givenBack: true, version });
    },
  );
}
