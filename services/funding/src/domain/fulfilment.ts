// After a pledge was paid: the parcel, and until when the money may be asked back.
import { fail } from '../errors.js';
import type { Pledge } from './pledge.js';

const DAY_MS = 86_400_000;
/** After so long a parcel that nobody confirmed counts as delivered. */
export const DELIVERED_AFTER_MS = 14 * DAY_MS;
/** Korean E-Commerce Act, article 17 (1): a buyer may withdraw within seven days of receiving what was sent. */
export const REFUND_WINDOW_MS = 7 * DAY_MS;
// Months end as they do in Korea.
const SEOUL_OFFSET_MS = 9 * 3_600_000;

/** A backer's wish to have the money back. */
export interface RefundRequest {
  readonly id: string;
  readonly pledgeId: string;
  readonly projectId: string;
  readonly reason: string;
  readonly state: 'OPEN' | 'APPROVED' | 'REJECTED';
  readonly deciderId: string | null;
  readonly rejectionReason: string;
  readonly createTime: Date;
  readonly decideTime: Date | null;
}

/** What a backer was promised with a reward. */
export interface Promised {
  readonly ships: boolean;
  /** "2027-03" */
  readonly deliveryMonth: string;
}

/** Throws when there is nothing to send, or nothing more to say of it. */
export function checkShippable(pledge: Pledge, promises: readonly Promised[]): void {
  if (pledge.state !== 'PAID') throw fail('PLEDGE_NOT_PAID', { state: pledge.state });
  if (!promises.some(({ ships }) => ships)) throw fail('NOTHING_TO_SHIP');
  if (pledge.deliveryTime) throw fail('PLEDGE_DELIVERED');
}

export function checkConfirmable({ shipTime }: Pledge): void {
  if (!shipTime) throw fail('NOT_SHIPPED');
}

/**
 * Whether the money may be asked back now. Throws REFUND_TOO_EARLY before the month that was promised is over and nothing was sent, and
 * REFUND_WINDOW_OVER when its time is past.
 */
export function checkRefundWindow(pledge: Pledge, promises: readonly Promised[], at: Date): void {
  if (pledge.state !== 'PAID') throw fail('PLEDGE_NOT_PAID', { state: pledge.state });
  const { shipTime, deliveryTime } = pledge;
  if (deliveryTime) checkUntil(new Date(deliveryTime.getTime() + REFUND_WINDOW_MS), at);
  if (shipTime) return;
  // A gift without a reward has no day on which something arrives.
  const promised = promises
    .map(({ deliveryMonth }) => endOfMonth(deliveryMonth))
    .sort((a, b) => a.getTime() - b.getTime())
    .at(-1);
  if (!promised) throw fail('REFUND_WINDOW_OVER', { until: pledge.createTime.toISOString() });
  if (at < promised) throw fail('REFUND_TOO_EARLY', { from: promised.toISOString() });
  // What is not sent arrives when its month is over, at the latest.
  if (!promises.some(({ ships }) => ships)) checkUntil(new Date(promised.getTime() + REFUND_WINDOW_MS), at);
}

function checkUntil(until: Date, at: Date): void {
  if (at > until) throw fail('REFUND_WINDOW_OVER', { until: until.toISOString() });
}

/** The first moment after a month: "2027-03" ends where April begins in Seoul. */
export function endOfMonth(month: string): Date {
  const [year, number] = month.split('-').map(Number);
  return new Date(Date.UTC(year!, number!, 1) - SEOUL_OFFSET_MS);
}
