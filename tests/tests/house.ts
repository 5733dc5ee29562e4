// A whole house of its own for an end-to-end test, and the first things that every story needs in it.
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectMoa, type Moa } from '@moa/client/node';
import { Project_Kind } from '@moa/contracts/funding/v1/project';
import { Seller_State } from '@moa/contracts/seller/v1/seller';
import { adminCode, type Stack, type StackOptions, startStack } from '@moa/stack';
import { until } from '@moa/testkit';
import { sharedByFiles } from '../src/shared.js';

/** Of every person here. */
export const PASSWORD = 'correct horse battery';
const DAY_MS = 86_400_000;
// Some calls want a sign-in of the last 15 minutes.
const FRESH_MS = 10 * 60_000;
export const GOOD_CARD = '4242424242424242';

export interface House {
  readonly stack: Stack;
  /** Somebody at the door, nobody yet. */
  visitor(): Moa;
  /** Somebody who has signed up and in. */
  person(): Promise<Moa>;
  admin(): Promise<Moa>;
  /** A person who may sell. */
  seller(): Promise<Moa>;
  /** A project that takes pledges. */
  liveProject(
    seller: Moa,
    wanted?: { stock?: number; priceMinor?: bigint; goalMinor?: bigint },
  ): Promise<{ projectId: string; rewardId: string }>;
  /** A card that can be charged, and that funding has heard of. */
  card(of: Moa, cardNumber?: string): Promise<string>;
  close(): Promise<void>;
}

export async function openHouse(options: StackOptions = {}): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'moa-house-'));
  // Postgres may run as another user, who has to pass through here.
  chmodSync(folder, 0o755);
  const stack = await startStack({ folder, quiet: true, ...options });
  const clients: Moa[] = [];
  let admin: Moa | undefined;
  let signingIn: Promise<unknown> | undefined;
  let signedInMs = 0;

  const house: House = {
    stack,
    visitor() {
      const { publicUrl, doorAuthority } = stack;
      const moa = connectMoa(publicUrl, { rootCertificates: doorAuthority === undefined ? undefined : readFileSync(doorAuthority) });
      clients.push(moa);
      return moa;
    },
    async person() {
      const moa = house.visitor();
      const email = `${randomUUID()}@moa.example`;
      await moa.auth.signUp({ email, password: PASSWORD });
      await moa.signIn(email, PASSWORD);
      return moa;
    },
    // One for the whole house: a code of the app is good once in 30 seconds, and a sign-in is fresh for some minutes.
    async admin() {
      admin ??= house.visitor();
      const nowMs = stack.now().getTime();
      if (nowMs - signedInMs > FRESH_MS) {
        signedInMs = nowMs;
        signingIn = admin.signIn(stack.admin.email, stack.admin.password, { code: () => adminCode(stack) });
      }
      await signingIn;
      return admin;
    },
    async seller() {
      const [moa, admin] = await Promise.all([house.person(), house.admin()]);
      const { seller } = await moa.sellers.registerSeller({
        companyName: '모아공방',
        businessNumber: businessNumber(),
        representativeName: '김모아',
        settlementAccount: { bankCode: '004', accountNumber: '123456789012', holderName: '김모아' },
      });
      const { seller: approved } = await admin.sellers.approveSeller({ sellerId: seller!.id });
      if (approved!.state !== Seller_State.STATE_APPROVED) throw new Error('not approved');
      // The role comes by event, and counts from the next token on.
      await until(async () => {
        await moa.renewTokens();
        return moa.projects.listMyProjects({}).then(
          () => true,
          () => false,
        );
      });
      return moa;
    },
    async liveProject(seller, { stock = 100, priceMinor = 30_000n, goalMinor = 100_000n } = {}) {
      const now = stack.now().getTime();
      const money = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });
      const { project } = await seller.projects.createProject({
        project: {
          title: '다시 쓰는 종이',
          category: '출판',
          kind: Project_Kind.KIND_ALL_OR_NOTHING,
          goal: money(goalMinor),
          startTime: new Date(now),
          closeTime: new Date(now + 14 * DAY_MS),
        },
        rewards: [{ title: '노트 한 권', price: money(priceMinor), stock, deliveryMonth: '2027-03' }],
      });
      await seller.projects.submitProject({ id: project!.id });
      await (await house.admin()).projects.reviewProject({ id: project!.id, decision: { $case: 'approve', value: {} } });
      const visitor = house.visitor();
      await until(async () => (await visitor.projects.getProject({ id: project!.id })).project?.phase === 3);
      return { projectId: project!.id, rewardId: project!.rewards[0]!.id };
    },
    async card(of, cardNumber = GOOD_CARD) {
      const { billingMethod } = await of.payments.registerBillingMethod({ cardNumber, expiryMonth: 12, expiryYear: 2099 });
      return billingMethod!.id;
    },
    async close() {
      for (const client of clients) client.close();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return house;
}

/** The house of all files in one-house/, which run in it one after the other. */
export const theHouse = (): Promise<House> => sharedByFiles('house', openHouse);

/** A business number whose check digit holds: the weights are the National Tax Service's. */
function businessNumber(): string {
  const digits = Array.from({ length: 9 }, (_, n) => (n === 0 ? 1 : Math.floor(Math.random() * 10)));
  const weights = [1, 3, 7, 1, 3, 7, 1, 3, 5];
  const sum = weights.reduce((total, weight, n) => total + weight * digits[n]!, 0) + Math.floor((digits[8]! * 5) / 10);
  return [...digits, (10 - (sum % 10)) % 10].join('');
}
