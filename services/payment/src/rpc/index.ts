import type {
  FundingPaymentServiceDefinition,
  LedgerServiceDefinition,
  ProviderWebhookServiceDefinition,
} from '@moa/contracts/payment/v1/payment_service';
import type { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { cancelCharge } from './cancel-charge.js';
import { chargePledges } from './charge-pledges.js';
import { getBalance } from './get-balance.js';
import { getPayment } from './get-payment.js';
import { getReconciliation } from './get-reconciliation.js';
import { listBillingMethods } from './list-billing-methods.js';
import { listDiscrepancies } from './list-discrepancies.js';
import { listPayments } from './list-payments.js';
import { listReconciliations } from './list-reconciliations.js';
import { receiveWebhook } from './receive-webhook.js';
import { registerBillingMethod } from './register-billing-method.js';
import { runReconciliation } from './run-reconciliation.js';

export const fundingPaymentService = (context: Context): Implementation<typeof FundingPaymentServiceDefinition> => ({
  registerBillingMethod: registerBillingMethod(context),
  listBillingMethods: listBillingMethods(context),
  getPayment: getPayment(context),
  listPayments: listPayments(context),
  chargePledges: chargePledges(context),
  cancelCharge: cancelCharge(context),
});

export const ledgerService = (context: Context): Implementation<typeof LedgerServiceDefinition> => ({
  getBalance: getBalance(context),
});

export const reconciliationService = (context: Context): Implementation<typeof ReconciliationServiceDefinition> => ({
  runReconciliation: runReconciliation(context),
  getReconciliation: getReconciliation(context),
  listReconciliations: listReconciliations(context),
  listDiscrepancies: listDiscrepancies(context),
});

export const providerWebhookService = (context: Context): Implementation<typeof ProviderWebhookServiceDefinition> => ({
  receiveWebhook: receiveWebhook(context),
});
