// What payment says of a settlement, as a statement's words.
import { type Settlement, Settlement_Kind, type StatementLine, StatementLine_Kind } from '@moa/contracts/payment/v1/settlement';
import type { Money } from '@moa/contracts/type/v1/money';
import type { Seller } from './domain/seller.js';
import type { Figures, Line } from './domain/statement.js';

const minor = (money: Money | undefined): bigint => money?.amountMinor ?? 0n;

export const figuresOf = (settlement: Settlement, { companyName, businessNumber }: Seller, projectTitle: string): Figures => ({
  id: settlement.id,
  projectId: settlement.projectId,
  projectTitle,
  companyName,
  businessNumber,
  kind: (['EARLY', 'FINAL', 'ADJUSTMENT', 'PERIOD'] as const).find((name) => Settlement_Kind[`KIND_${name}`] === settlement.kind)!,
  periodStart: settlement.periodStart,
  periodEnd: settlement.periodEnd,
  currency: settlement.net!.currencyCode,
  gross: minor(settlement.gross),
  refunds: minor(settlement.refunds),
  platformFee: minor(settlement.platformFee),
  providerFee: minor(settlement.providerFee),
  couponShare: minor(settlement.couponShare),
  heldBefore: minor(settlement.heldBefore),
  shortBefore: minor(settlement.shortBefore),
  net: minor(settlement.net),
  heldAfter: minor(settlement.heldAfter),
  shortAfter: minor(settlement.shortAfter),
  createTime: settlement.createTime!,
});

const LINE_KINDS = ['CHARGE', 'REFUND', 'FEE_BACK', 'REFUND_REFUSED', 'CHARGEBACK'] as const;

export const lineOf = (line: StatementLine): Line => ({
  time: line.time!,
  kind: LINE_KINDS.find((name) => StatementLine_Kind[`KIND_${name}`] === line.kind)!,
  paymentId: line.paymentId,
  pledgeId: line.pledgeId,
  orderId: line.orderId,
  gross: minor(line.gross),
  platformFee: minor(line.platformFee),
  providerFee: minor(line.providerFee),
  couponShare: minor(line.couponShare),
  net: minor(line.net),
});
