import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { SellerDashboardServiceDefinition } from '@moa/contracts/seller/v1/dashboard_service';
import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { type Document, Document_Kind } from '@moa/contracts/seller/v1/verification';
import { VerificationServiceDefinition } from '@moa/contracts/seller/v1/verification_service';
import { readConfig } from '@moa/kit';
import { openTestbed } from '@moa/testkit';
import pg from 'pg';
import { variables } from '../src/config.js';
import { businessNumberOf } from '../src/domain/business-number.js';
import { startSeller } from '../src/service.js';

/** A real seller service in a bed of its own, as Envoy sees it. */
export async function openSeller(name: string, more: Record<string, string> = {}) {
  const bed = await openTestbed(name);
  const key = randomBytes(32).toString('base64');
  const running = await startSeller(
    readConfig(variables, { ...(await bed.environment('seller')), BANK_ACCOUNT_KEY: key, PAYMENT_ADDRESS: '127.0.0.1:1', ...more }),
  );
  const database = new pg.Pool({ connectionString: await bed.databaseUrl('seller'), max: 2 });
  const sellers = bed.connect(SellerServiceDefinition, running.address);
  const verifications = bed.connect(VerificationServiceDefinition, running.address);
  const dashboard = bed.connect(SellerDashboardServiceDefinition, running.address);
  const asAdmin = await bed.as(randomUUID(), 'USER', 'ADMIN');

  /** A person with a registration that waits for a decision. */
  async function registered(changes: Partial<ReturnType<typeof registration>> = {}) {
    const id = randomUUID();
    const as = await bed.as(id);
    const { seller } = await sellers.registerSeller(registration(changes), as);
    return { id, as, seller: seller! };
  }

  /** A person who may sell, with a token that says so. */
  async function approved(changes: Partial<ReturnType<typeof registration>> = {}) {
    const { id } = await registered(changes);
    const { seller } = await sellers.approveSeller({ requestId: randomUUID(), sellerId: id }, asAdmin);
    return { id, as: await bed.as(id, 'USER', 'SELLER'), seller: seller! };
  }

  return {
    bed,
    address: running.address,
    database,
    sellers,
    verifications,
    dashboard,
    asAdmin,
    registered,
    approved,
    async close() {
      await running.stop();
      await database.end();
      await bed.close();
    },
  };
}

export const registration = (changes: { businessNumber?: string; companyName?: string } = {}) => ({
  requestId: randomUUID(),
  companyName: '모아공방',
  businessNumber: newBusinessNumber(),
  representativeName: '김모아',
  settlementAccount: { bankCode: '088', accountNumber: '110123456789', holderName: '주식회사 모아공방' },
  ...changes,
});

export const document = (changes: Partial<Document> = {}): Document => ({
  kind: Document_Kind.KIND_BUSINESS_REGISTRATION,
  reference: `s3://moa-documents/${randomUUID()}.pdf`,
  sha256: randomBytes(32).toString('hex'),
  name: '사업자등록증.pdf',
  ...changes,
});

/** A number whose check digit holds. */
export function newBusinessNumber(): string {
  const nine = String(randomInt(100_000_000, 1_000_000_000));
  for (let digit = 0; ; digit++) {
    try {
      return businessNumberOf(nine + digit);
    } catch {
      // Nine of ten do not hold.
    }
  }
}

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/** The error that a call must end with. */
export async function refusal(call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await call.then(
    () => undefined,
    (error) => error,
  );
  if (outcome === undefined) throw new Error('was not refused');
  return outcome;
}
