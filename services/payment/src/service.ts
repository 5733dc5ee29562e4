import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import {
  FundingPaymentServiceDefinition,
  LedgerServiceDefinition,
  ProviderWebhookServiceDefinition,
} from '@moa/contracts/payment/v1/payment_service';
import { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { type Clock, type Host, openHost, type Remote, type Running, type Secret } from '@moa/kit';
import type { Bank } from './bank/port.js';
import { sandboxBank } from './bank/sandbox.js';
import type { PaymentConfig } from './config.js';
import { subscriptions } from './events/index.js';
import { PrismaClient } from './generated/client.js';
import { openProvider } from './provider/open.js';
import type { PaymentProvider } from './provider/port.js';
import {
  fundingPaymentService,
  instantPaymentService,
  ledgerService,
  providerWebhookService,
  reconciliationService,
  settlementService,
} from './rpc/index.js';
import { claimAttempt } from './store/attempts.js';
import { claimClose, claimConfirmation } from './store/confirmations.js';
import type { PaymentDatabase } from './store/database.js';
import { claimOrphan } from './store/orphans.js';
import { claimPayout } from './store/payouts.js';
import { forgetEvents } from './store/provider-events.js';
import { claimRefund } from './store/refunds.js';
import { chargeAttempt } from './work/charge-attempt.js';
import { closeCheckout } from './work/close-checkout.js';
import { finishConfirmation } from './work/confirm-payment.js';
import { expirePayments } from './work/expire-payments.js';
import { finishRefund } from './work/give-back.js';
import { openLanes } from './work/lanes.js';
import { finishOrphan } from './work/orphans.js';
import { payOut } from './work/pay-out.js';
import { reconcile } from './work/reconcile.js';

/** Finds what a crash left and what the provider is to be asked again. A new charge is told of at once. */
const POLL_MS = 500;
const REFUND_LANES = 4;
const PAYOUT_LANES = 2;
const CONFIRMATION_LANES = 8;
const CLOSE_LANES = 4;
const EXPIRE_EVERY_MS = 1_000;
const ORPHAN_LANES = 1;
/** Work may ask the provider and then call it; whoever holds it longer has died. Taking over too soon does no harm: keys see to that. */
const LEASE_SLACK_MS = 1_000;
const PROVIDER_EVENTS_KEPT_MS = 30 * 86_400_000;
const FORGET_EVERY_MS = 3_600_000;
const RECONCILE_EVERY_MS = 1_000;

export interface Context {
  readonly db: PaymentDatabase;
  readonly provider: PaymentProvider;
  readonly funding: Remote<typeof PledgeServiceDefinition>;
  readonly purchase: Remote<typeof OrderServiceDefinition>;
  readonly bank: Bank;
  readonly seller: Remote<typeof SellerServiceDefinition>;
  readonly clock: Clock;
  readonly log: Host['log'];
  /** How long work that was claimed belongs to the one who claimed it. */
  readonly leaseMs: number;
  /** What the provider knows us by. */
  readonly providerKey: Secret;
  /** Says that attempts wait to be sent. */
  readonly wakeCharges: () => void;
  /** Says that pages of ended payments wait to be closed. */
  readonly wakeCloses: () => void;
  /** Says that charges that are none of ours wait to be given back. */
  readonly wakeOrphans: () => void;
  /** Says that payouts wait to be made. */
  readonly wakePayouts: () => void;
  /** Says that a reconciliation waits. */
  readonly wakeReconciliation: () => void;
}

export async function startPayment(config: PaymentConfig): Promise<Running> {
  const { provider, key: providerKey } = openProvider(config);
  const host = await openHost('payment', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const context: Context = {
    db,
    provider,
    funding: host.connect(PledgeServiceDefinition, config.FUNDING_ADDRESS),
    purchase: host.connect(OrderServiceDefinition, config.PURCHASE_ADDRESS),
    bank: sandboxBank({ url: config.BANK_URL, apiKey: config.BANK_API_KEY.reveal(), timeoutMs: config.PROVIDER_TIMEOUT_MS }),
    seller: host.connect(SellerServiceDefinition, config.SELLER_ADDRESS),
    clock: host.clock,
    log: host.log,
    leaseMs: 2 * config.PROVIDER_TIMEOUT_MS + LEASE_SLACK_MS,
    providerKey,
    wakeCharges: () => charges.wake(),
    wakeCloses: () => closes.wake(),
    wakeOrphans: () => orphans.wake(),
    wakePayouts: () => payouts.wake(),
    wakeReconciliation: () => reconciliation.wake(),
  };
  await host.relay(db);

  const charges = openLanes(
    host.log,
    config.PROVIDER_CONCURRENCY,
    () => claimAttempt(db, context.leaseMs),
    (attempt) => chargeAttempt(context, attempt),
  );
  const refunds = openLanes(
    host.log,
    REFUND_LANES,
    () => claimRefund(db, context.leaseMs),
    (refund) => finishRefund(context, refund),
  );
  const orphans = openLanes(
    host.log,
    ORPHAN_LANES,
    () => claimOrphan(db, context.leaseMs),
    (orphan) => finishOrphan(context, orphan),
  );
  host.onStop(() => charges.stop());
  host.onStop(() => orphans.stop());
  const payouts = openLanes(
    host.log,
    PAYOUT_LANES,
    () => claimPayout(db, context.leaseMs),
    (payout) => payOut(context, payout),
  );
  const confirmations = openLanes(
    host.log,
    CONFIRMATION_LANES,
    () => claimConfirmation(db, context.leaseMs),
    (confirmation) => finishConfirmation(context, confirmation),
  );
  const closes = openLanes(
    host.log,
    CLOSE_LANES,
    () => claimClose(db, context.leaseMs),
    (close) => closeCheckout(context, close),
  );
  host.onStop(() => refunds.stop());
  host.onStop(() => payouts.stop());
  host.onStop(() => confirmations.stop());
  host.onStop(() => closes.stop());
  host.job('due', POLL_MS, async () => {
    charges.wake();
    refunds.wake();
    orphans.wake();
    payouts.wake();
    confirmations.wake();
    closes.wake();
  });
  host.job('expire-payments', EXPIRE_EVERY_MS, expirePayments(context));
  host.job('forget-provider-events', FORGET_EVERY_MS, ({ at }) => forgetEvents(db, new Date(at.getTime() - PROVIDER_EVENTS_KEPT_MS)));

  const reconciliation = host.job('reconcile', RECONCILE_EVERY_MS, reconcile(context, host.clock));

  host.serve(FundingPaymentServiceDefinition, fundingPaymentService(context));
  host.serve(InstantPaymentServiceDefinition, instantPaymentService(context));
  host.serve(LedgerServiceDefinition, ledgerService(context));
  host.serve(ReconciliationServiceDefinition, reconciliationService(context));
  host.serve(SettlementServiceDefinition, settlementService(context));
  host.consume('projects', db, subscriptions.projects);
  host.consume('points', db, subscriptions.points);
  host.consume('closing', db, subscriptions.closing);
  host.serve(ProviderWebhookServiceDefinition, providerWebhookService(context));
  return host.listen();
}
