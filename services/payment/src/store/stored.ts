// What SQL functions write as JSON, amounts and times as text, read back.
import type { Refund } from '../domain/payment.js';

export type Stored<T> = {
  readonly [K in keyof T]: T[K] extends bigint ? string : T[K] extends Date ? string : T[K] extends Date | null ? string | null : T[K];
};

export const timeOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

export const reviveRefund = (stored: Stored<Refund>): Refund => ({
  ...stored,
  amountMinor: BigInt(stored.amountMinor),
  platformCouponMinor: BigInt(stored.platformCouponMinor),
  sellerCouponMinor: BigInt(stored.sellerCouponMinor),
  pointsMinor: BigInt(stored.pointsMinor),
  createTime: new Date(stored.createTime),
  settleTime: timeOf(stored.settleTime),
});
