import * as proto from '@moa/contracts/payment/v1/payment';
import type { Charge as ProtoCharge } from '@moa/contracts/payment/v1/payment_service';
import * as protoReconciliation from '@moa/contracts/payment/v1/reconciliation';
import type { Charge } from './domain/charge.js';
import type { LedgerAccountName } from './domain/ledger.js';
import type { Attempt, Payment, Refund } from './domain/payment.js';
import { DISCREPANCY_KINDS, type DiscrepancyKind } from './domain/reconciliation.js';
import type { BillingMethod, Discrepancy } from './generated/client.js';
import type { EntryRow } from './store/ledger.js';
import type { Report } from './store/reconciliations.js';

export const billingMethodToProto = ({ id, brand, last4, createTime }: BillingMethod): proto.BillingMethod => ({
  id,
  brand,
  last4,
  createTime,
});

export const paymentToProto = (payment: Payment): proto.Payment => ({
  id: payment.id,
  pledgeId: payment.pledgeId,
  projectId: payment.projectId,
  payerId: payment.payerId,
  state: proto.Payment_State[`STATE_${payment.state}`],
  amount: { currencyCode: payment.currency, amountMinor: payment.amountMinor },
  refunded: { currencyCode: payment.currency, amountMinor: payment.refundedMinor },
  attempts: payment.attempts.map(attemptToProto),
  refunds: payment.refunds.map((refund) => refundToProto(refund, payment.currency)),
  createTime: payment.createTime,
});

export const attemptToProto = (attempt: Attempt): proto.Attempt => ({
  number: attempt.number,
  state: proto.Attempt_State[`STATE_${attempt.state}`],
  declineCode: attempt.declineCode ?? '',
  createTime: attempt.createTime,
  settleTime: attempt.settleTime ?? undefined,
});

export const refundToProto = (refund: Refund, currencyCode: string): proto.Refund => ({
  id: refund.id,
  amount: { currencyCode, amountMinor: refund.amountMinor },
  reason: refund.reason,
  state: proto.Refund_State[`STATE_${refund.state}`],
  createTime: refund.createTime,
  settleTime: refund.settleTime ?? undefined,
  platformCouponMinor: refund.platformCouponMinor,
  sellerCouponMinor: refund.sellerCouponMinor,
  pointsMinor: refund.pointsMinor,
});

export const chargeFromProto = ({ backerId, amount, ...charge }: ProtoCharge): Charge => ({
  ...charge,
  payerId: backerId,
  // Checked before the handler runs: an amount is required.
  currency: amount!.currencyCode,
  amountMinor: amount!.amountMinor,
});

const accountNames: Partial<Record<proto.LedgerAccount, LedgerAccountName>> = {
  [proto.LedgerAccount.LEDGER_ACCOUNT_PROVIDER_CLEARING]: 'PROVIDER_CLEARING',
  [proto.LedgerAccount.LEDGER_ACCOUNT_SELLER_PAYABLE]: 'SELLER_PAYABLE',
  [proto.LedgerAccount.LEDGER_ACCOUNT_PLATFORM_FEE]: 'PLATFORM_FEE',
  [proto.LedgerAccount.LEDGER_ACCOUNT_PROVIDER_FEE]: 'PROVIDER_FEE',
  [proto.LedgerAccount.LEDGER_ACCOUNT_BUYER_REFUNDS_DUE]: 'BUYER_REFUNDS_DUE',
  [proto.LedgerAccount.LEDGER_ACCOUNT_POINTS_LIABILITY]: 'POINTS_LIABILITY',
  [proto.LedgerAccount.LEDGER_ACCOUNT_POINTS_EXPENSE]: 'POINTS_EXPENSE',
  [proto.LedgerAccount.LEDGER_ACCOUNT_COUPON_EXPENSE]: 'COUPON_EXPENSE',
  [proto.LedgerAccount.LEDGER_ACCOUNT_BANK]: 'BANK',
};

/** Checked before the handler runs: it is one of the accounts. */
export const accountFromProto = (account: proto.LedgerAccount): LedgerAccountName => accountNames[account]!;

export const reportToProto = (report: Report): protoReconciliation.Reconciliation => ({
  id: report.id,
  state: report.endTime ? protoReconciliation.Reconciliation_State.STATE_DONE : protoReconciliation.Reconciliation_State.STATE_RUNNING,
  requesterId: report.requesterId ?? '',
  createTime: report.createTime,
  endTime: report.endTime ?? undefined,
  ledgerCount: report.ledgerCount,
  providerCount: report.providerCount,
  pledgeCount: report.pledgeCount,
  orderCount: report.orderCount,
  discrepancies: report.counts.map(({ kind, count }) => ({ kind: kindToProto(kind), count: BigInt(count) })),
});

export const discrepancyToProto = (row: Discrepancy): protoReconciliation.Discrepancy => ({
  kind: kindToProto(row.kind as DiscrepancyKind),
  paymentId: row.paymentId ?? '',
  pledgeId: row.pledgeId ?? '',
  providerChargeId: row.providerChargeId ?? '',
  currencyCode: row.currency,
  ledgerMinor: row.ledgerMinor ?? undefined,
  providerMinor: row.providerMinor ?? undefined,
  pledgeMinor: row.pledgeMinor ?? undefined,
  orderId: row.orderId ?? '',
  orderMinor: row.orderMinor ?? undefined,
});

const kindToProto = (kind: DiscrepancyKind) => protoReconciliation.Discrepancy_Kind[`KIND_${kind}`];

/** Undefined: all kinds. */
export const kindFromProto = (kind: protoReconciliation.Discrepancy_Kind): DiscrepancyKind | undefined =>
  DISCREPANCY_KINDS.find((name) => kindToProto(name) === kind);

export const entryToProto = ({ account, ownerId, currency, amountMinor, transaction }: EntryRow): proto.LedgerEntry => ({
  account: proto.LedgerAccount[`LEDGER_ACCOUNT_${account as LedgerAccountName}`],
  ownerId: ownerId ?? '',
  amount: { currencyCode: currency, amountMinor },
  businessKey: transaction.businessKey,
  paymentId: transaction.paymentId ?? '',
  createTime: transaction.createTime,
});
