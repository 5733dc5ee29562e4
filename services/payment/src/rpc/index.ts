import type {
  FundingPaymentServiceDefinition,
  LedgerServiceDefinition,
  ProviderWebhookServiceDefinition,
} from '@moa/contracts/payment/v1/payment_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { cancelCharge } from './cancel-charge.js';
import { chargePledges } from './charge-pledges.js';
import { getBalance } from './get-balance.js';
import { getPayment } from './get-payment.js';
import { listBillingMethods } from './list-billing-methods.js';
import { listPayments } from './list-payments.js';
import { receiveWebhook } from './receive-webhook.js';
import { registerBillingMethod } from './register-billing-method.js';

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

export const providerWebhookService = (context: Context): Implementation<typeof ProviderWebhookServiceDefinition> => ({
  receiveWebhook: receiveWebhook(context),
});
