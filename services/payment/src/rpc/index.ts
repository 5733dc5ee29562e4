import type { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import type {
  FundingPaymentServiceDefinition,
  LedgerServiceDefinition,
  ProviderWebhookServiceDefinition,
} from '@moa/contracts/payment/v1/payment_service';
import type { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import type { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { approvePayout } from './approve-payout.js';
import { cancelCharge } from './cancel-charge.js';
import { cancelPayment } from './cancel-payment.js';
import { chargePledges } from './charge-pledges.js';
import { confirmPayment } from './confirm-payment.js';
import { createPayment } from './create-payment.js';
import { createPeriodSettlement } from './create-period-settlement.js';
import { createSettlement } from './create-settlement.js';
import { getBalance } from './get-balance.js';
import { getOrderPayment } from './get-order-payment.js';
import { getPayment } from './get-payment.js';
import { getPaymentOfOrder } from './get-payment-of-order.js';
import { getReconciliation } from './get-reconciliation.js';
import { getSettlement } from './get-settlement.js';
import { getStatement } from './get-statement.js';
import { listBillingMethods } from './list-billing-methods.js';
import { listDiscrepancies } from './list-discrepancies.js';
import { listEntries } from './list-entries.js';
import { listFeePolicies } from './list-fee-policies.js';
import { listOrderPayments } from './list-order-payments.js';
import { listPayments } from './list-payments.js';
import { listPayouts } from './list-payouts.js';
import { listReconciliations } from './list-reconciliations.js';
import { listSettlements } from './list-settlements.js';
import { receiveWebhook } from './receive-webhook.js';
import { refundCharge } from './refund-charge.js';
import { refundPayment } from './refund-payment.js';
import { registerBillingMethod } from './register-billing-method.js';
import { rejectPayout } from './reject-payout.js';
import { requestPayout } from './request-payout.js';
import { runReconciliation } from './run-reconciliation.js';
import { setFeePolicy } from './set-fee-policy.js';

export const fundingPaymentService = (context: Context): Implementation<typeof FundingPaymentServiceDefinition> => ({
  registerBillingMethod: registerBillingMethod(context),
  listBillingMethods: listBillingMethods(context),
  getPayment: getPayment(context),
  listPayments: listPayments(context),
  chargePledges: chargePledges(context),
  cancelCharge: cancelCharge(context),
  refundCharge: refundCharge(context),
});

export const instantPaymentService = (context: Context): Implementation<typeof InstantPaymentServiceDefinition> => ({
  createPayment: createPayment(context),
  confirmPayment: confirmPayment(context),
  getPayment: getOrderPayment(context),
  getPaymentOfOrder: getPaymentOfOrder(context),
  listPayments: listOrderPayments(context),
  cancelPayment: cancelPayment(context),
  refundPayment: refundPayment(context),
});

export const ledgerService = (context: Context): Implementation<typeof LedgerServiceDefinition> => ({
  getBalance: getBalance(context),
  listEntries: listEntries(context),
});

export const reconciliationService = (context: Context): Implementation<typeof ReconciliationServiceDefinition> => ({
  runReconciliation: runReconciliation(context),
  getReconciliation: getReconciliation(context),
  listReconciliations: listReconciliations(context),
  listDiscrepancies: listDiscrepancies(context),
});

export const settlementService = (context: Context): Implementation<typeof SettlementServiceDefinition> => ({
  setFeePolicy: setFeePolicy(context),
  listFeePolicies: listFeePolicies(context),
  createSettlement: createSettlement(context),
  createPeriodSettlement: createPeriodSettlement(context),
  getSettlement: getSettlement(context),
  listSettlements: listSettlements(context),
  requestPayout: requestPayout(context),
  approvePayout: approvePayout(context),
  rejectPayout: rejectPayout(context),
  listPayouts: listPayouts(context),
  getStatement: getStatement(context),
});

export const providerWebhookService = (context: Context): Implementation<typeof ProviderWebhookServiceDefinition> => ({
  receiveWebhook: receiveWebhook(context),
});
