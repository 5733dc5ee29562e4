// What was paid for a completed line earns points; what a line earned is taken back with it. The events may come twice, late, and the return
// before the completion: each line earns once, and never after it was given back.
import { OrderCompleted, OrderReturned } from '@moa/contracts/purchase/v1/purchase_events';
import { on, type Subscription } from '@moa/kit';
import { earnedBy } from '../domain/points.js';
import type { PrismaClient } from '../generated/client.js';
import { clawBackPoints, earnPoints } from '../store/points.js';

export const onOrderEvents: Subscription<PrismaClient>[] = [
  on(OrderCompleted, async ({ orderId, buyerId, lines }, tx, origin) => {
    for (const { lineId, paid } of lines) {
      const earned = earnedBy(paid!);
      if (earned > 0n) await earnPoints(tx, origin, { accountId: buyerId, sourceId: lineId, subjectId: orderId }, earned);
    }
  }),
  on(OrderReturned, async ({ orderId, buyerId, lines }, tx, origin) => {
    for (const { lineId } of lines.filter(({ completed }) => completed)) {
      await clawBackPoints(tx, origin, { accountId: buyerId, sourceId: lineId, subjectId: orderId });
    }
  }),
];
