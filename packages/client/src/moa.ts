// Everything that people and partners may call, with the comfort that every caller wants.

import { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import type { Account, Tokens } from '@moa/contracts/auth/v1/auth';
import { AuthServiceDefinition, type SignInResponse } from '@moa/contracts/auth/v1/auth_service';
import { type OAuthCallback, OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import { PartnerAdminServiceDefinition, PartnerTokenServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { ChatServiceDefinition, ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import { CouponAdminServiceDefinition, CouponServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { FulfilmentServiceDefinition } from '@moa/contracts/funding/v1/fulfilment_service';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { UpdateServiceDefinition } from '@moa/contracts/funding/v1/update_service';
import type { ServiceDefinition } from '@moa/contracts/method';
import { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import { FundingPaymentServiceDefinition, LedgerServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { CartServiceDefinition } from '@moa/contracts/purchase/v1/cart_service';
import { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import {
  CheckoutAdminServiceDefinition,
  OrderServiceDefinition,
  SellerOrderServiceDefinition,
} from '@moa/contracts/purchase/v1/order_service';
import { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import { SellerDashboardServiceDefinition } from '@moa/contracts/seller/v1/dashboard_service';
import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { StatementServiceDefinition } from '@moa/contracts/seller/v1/statement_service';
import { VerificationServiceDefinition } from '@moa/contracts/seller/v1/verification_service';
import { MyPageAdminServiceDefinition } from '@moa/contracts/user/v1/my_page_admin_service';
import { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { type ClientMiddleware, composeClientMiddleware } from 'nice-grpc-common';
import type { Client } from 'nice-grpc-web';
import { policiesOf, withDeadline, withReopening, withRequestId, withRetries, withToken, withTypedErrors } from './middleware.js';
import { createPartnerSession, createSession } from './session.js';

const SERVICES = {
  auth: AuthServiceDefinition,
  oauth: OAuthServiceDefinition,
  accountAdmin: AccountAdminServiceDefinition,
  partnerAdmin: PartnerAdminServiceDefinition,
  partnerTokens: PartnerTokenServiceDefinition,
  users: UserServiceDefinition,
  sellers: SellerServiceDefinition,
  verifications: VerificationServiceDefinition,
  sellerDashboard: SellerDashboardServiceDefinition,
  statements: StatementServiceDefinition,
  projects: ProjectServiceDefinition,
  updates: UpdateServiceDefinition,
  pledges: PledgeServiceDefinition,
  fulfilment: FulfilmentServiceDefinition,
  products: CatalogServiceDefinition,
  carts: CartServiceDefinition,
  orders: OrderServiceDefinition,
  sellerOrders: SellerOrderServiceDefinition,
  checkouts: CheckoutAdminServiceDefinition,
  coupons: CouponServiceDefinition,
  couponAdmin: CouponAdminServiceDefinition,
  points: PointServiceDefinition,
  myPageAdmin: MyPageAdminServiceDefinition,
  payments: FundingPaymentServiceDefinition,
  orderPayments: InstantPaymentServiceDefinition,
  ledger: LedgerServiceDefinition,
  settlements: SettlementServiceDefinition,
  reconciliations: ReconciliationServiceDefinition,
  archive: ArchiveServiceDefinition,
  chat: ChatServiceDefinition,
  moderation: ModerationServiceDefinition,
  reviews: ReviewServiceDefinition,
} as const;

type Services = { readonly [Name in keyof typeof SERVICES]: Client<(typeof SERVICES)[Name]> };

/**
 * Moa as its callers see it: `moa.pledges.createPledge({ ... })`. Fields may be left out; a request_id is made where one is missing and kept
 * over retries; tokens are sent and renewed; errors are MoaErrors.
 */
export interface Moa extends Services {
  /** Signs in and keeps the tokens. Throws when the account has a second factor and no `code` is given. */
  signIn(email: string, password: string, options?: SignInOptions): Promise<Account>;
  /** Finishes a flow that oauth.startOAuth began, and keeps the tokens: with the callback see oauthCallbackOf, with the rest signIn. */
  finishOAuth(flowToken: string, callback: OAuthCallback, options?: SignInOptions): Promise<Account>;
  /** Gets new tokens now: after a role was granted, or a second factor passed. */
  renewTokens(): Promise<void>;
  /** Ends the session here and there. */
  signOut(): Promise<void>;
  /** The tokens at hand. */
  readonly tokens: Tokens | undefined;
  /** Goes on with tokens that were kept from before. */
  useTokens(tokens: Tokens | undefined): void;
  close(): void;
}

export interface SignInOptions {
  /** Asked for a code of the authenticator app, or a recovery code, when the account has a second factor. */
  readonly code?: () => string | Promise<string>;
  /** What the session is called in the list of one's sessions. */
  readonly device?: string;
}

export interface MoaOptions {
  /** Told of every new pair of tokens, and of their end: to keep them. */
  readonly onTokens?: (tokens: Tokens | undefined) => void;
  /** Calls in the name of a partner's program. It gets its tokens by itself: nobody signs in. */
  readonly partner?: PartnerCredentials;
}

export interface PartnerCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the tokens are to allow: all that the client has, unless said otherwise. */
  readonly scopes?: readonly string[];
}

/** How calls get there: over gRPC or over gRPC-Web. */
export interface Transport {
  create<S extends ServiceDefinition>(definition: S, middleware: ClientMiddleware): Client<S>;
  close(): void;
}

export function createMoa(transport: Transport, { onTokens, partner }: MoaOptions): Moa {
  const policies = policiesOf(Object.values(SERVICES));
  const requestIds = withRequestId(Object.values(SERVICES));
  const plain = composeClientMiddleware(
    withTypedErrors,
    composeClientMiddleware(withDeadline(policies), composeClientMiddleware(withRetries(policies), requestIds)),
  );
  const anonymous = transport.create(AuthServiceDefinition, plain);
  const anonymousOAuth = transport.create(OAuthServiceDefinition, plain);
  const session = createSession(
    async (refreshToken) => (await anonymous.refreshToken({ refreshToken })).tokens!,
    (tokens) => onTokens?.(tokens),
  );
  const source = partner ? createPartnerSession(() => issueTo(partner)) : session;
  const full = composeClientMiddleware(
    withTypedErrors,
    composeClientMiddleware(
      withDeadline(policies),
      composeClientMiddleware(
        withToken(source),
        composeClientMiddleware(withRetries(policies), composeClientMiddleware(withReopening(policies), requestIds)),
      ),
    ),
  );
  const services = Object.fromEntries(
    Object.entries(SERVICES).map(([name, definition]) => [name, transport.create(definition, full)]),
  ) as unknown as Services;

  return {
    ...services,
    get tokens() {
      return session.tokens;
    },
    useTokens: (tokens) => session.set(tokens),
    async signIn(email, password, options = {}) {
      expectPerson();
      return enter(await anonymous.signIn({ email, password, device: options.device ?? '' }), options);
    },
    async finishOAuth(flowToken, callback, options = {}) {
      expectPerson();
      return enter(await anonymousOAuth.finishOAuth({ flowToken, callback, device: options.device ?? '' }), options);
    },
    renewTokens: () => source.renew(),
    async signOut() {
      await services.auth.signOut({});
      session.set(undefined);
    },
    close: () => transport.close(),
  };

  function expectPerson(): void {
    if (partner) throw new Error('a partner has its own tokens: nobody signs in');
  }

  async function enter(first: SignInResponse, { code, device = '' }: SignInOptions): Promise<Account> {
    const challenge = first.secondFactorChallenge;
    if (challenge && !code) throw new Error('the account has a second factor: a `code` is needed');
    const { account, tokens } = challenge ? await anonymous.verifySecondFactor({ challenge, code: await code!(), device }) : first;
    session.set(tokens);
    return account!;
  }

  function issueTo({ scopes = [], ...credentials }: PartnerCredentials) {
    return transport.create(PartnerTokenServiceDefinition, plain).issueClientToken({ ...credentials, scopes: [...scopes] });
  }
}
