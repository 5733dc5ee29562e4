import { PledgeDelivered } from '@moa/contracts/funding/v1/funding_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { saveReviewRight } from '../store/review-rights.js';

/** What was backed and has arrived may be reviewed. */
export const onPledgeDelivered = on<PledgeDelivered, PrismaClient>(
  PledgeDelivered,
  ({ pledgeId, projectId, backerId, deliveryTime }, tx, { version, time }) =>
    saveReviewRight(tx, {
      subjectId: pledgeId,
      accountId: backerId,
      kind: 'PLEDGE',
      itemId: projectId,
      title: '',
      givenBack: false,
      version,
      since: deliveryTime ?? time,
    }),
);
