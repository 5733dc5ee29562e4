import { PointEntry_Kind as Kind } from '@moa/contracts/user/v1/points';
import { PointsChanged } from '@moa/contracts/user/v1/user_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { postPoints } from '../store/ledger.js';

/** Whether it is posted here: what a payment or a refund posts is not. */
const IS_POSTED: Partial<Record<Kind, boolean>> = {
  [Kind.KIND_EARNED]: true,
  [Kind.KIND_GRANTED]: true,
  [Kind.KIND_SPENT]: false,
  [Kind.KIND_RETURNED]: false,
  [Kind.KIND_EXPIRED]: true,
  [Kind.KIND_CLAWED_BACK]: true,
  [Kind.KIND_FORFEITED]: true,
};

export const onPointsChanged = on<PointsChanged, PrismaClient>(PointsChanged, async ({ entryId, kind, amount }, tx, { time, trace }) => {
  const isPosted = IS_POSTED[kind];
  // Put away, for people to see: the books must not miss a kind that is newer than they are.
  if (isPosted === undefined) throw new Error(`a change of points of the unknown kind ${kind}`);
  if (isPosted && amount?.amountMinor) await postPoints(tx, { at: time, trace }, entryId, amount.currencyCode, amount.amountMinor);
});
