// One caller of every kind, each with the tokens that a caller may come to hold: a good one, and those that are good no more.
import type { Moa } from '@moa/client/node';
import { PartnerClient_RateClass } from '@moa/contracts/auth/v1/partner';
import { listRpcs, type Rpc } from '@moa/contracts/descriptors';
import { Role } from '@moa/contracts/options/v1/options';
import { roleName } from '@moa/kit';
import { appCode } from '@moa/stack';
import { until } from '@moa/testkit';
import type { Doors } from './doors.js';
import { type House, PASSWORD } from './house.js';
import { mailedToken } from './mailed-token.js';

// Longer than any freshness that a contract asks for, and than a token lives.
const LONG_AGO_MS = 16 * 60_000;
/** Every scope that some contract asks a partner for. */
const SCOPES = [
  ...new Set(
    listRpcs().flatMap(({ access }) => (access.$case === 'roles' && access.value.partnerScope ? [access.value.partnerScope] : [])),
  ),
];
const GARBAGE = Buffer.from([0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff]);

export interface Persona {
  readonly name: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** Good, of a session that has signed in too long ago for what needs a fresh one. */
  readonly token: string;
  readonly expired: string;
  /** Not expired, of a session that has ended. */
  readonly revoked: string;
}

/** Somebody who can sign in, as often as it takes. */
interface Account {
  readonly name: string;
  readonly signIn: () => Promise<Moa>;
}

/** A partner's program. */
interface Client {
  readonly name: string;
  readonly issue: () => Promise<string>;
  /** Issues a token, and ends it at once. */
  readonly issueRevoked: () => Promise<string>;
}

/** Opens them in a house. Its clock goes back for a moment: what expires has to have expired for Envoy, too, which has the machine's clock. */
export async function openPersonas(house: House, doors: Doors): Promise<Persona[]> {
  const accounts = await Promise.all([user(house), seller(house), admin(house), staffWithoutFactor(house), compliance(house)]);
  const clients = await Promise.all([
    client(house, 'a PARTNER with every scope', SCOPES),
    ...SCOPES.map((scope) => client(house, `a PARTNER with ${scope}`, [scope])),
  ]);
  const backMs = house.stack.now().getTime() - Date.now() + LONG_AGO_MS;
  house.stack.shiftClock(-backMs);
  const past = await Promise.all(accounts.map(({ signIn }) => signIn()));
  const pastTokens = await Promise.all(clients.map(({ issue }) => issue()));
  house.stack.shiftClock(backMs);
  return Promise.all([
    ...accounts.map((account, index) => personaOf(account, past[index]!, doors)),
    ...clients.map((one, index) => partnerOf(one, pastTokens[index]!, doors)),
  ]);
}

/** Whether a contract lets a caller in. */
export function mayCall(access: Rpc['access'], { roles, scopes }: Pick<Persona, 'roles' | 'scopes'>): boolean {
  switch (access.$case) {
    case 'public':
      return true;
    case 'signedIn':
      return !roles.includes('PARTNER');
    case 'roles': {
      const { any, partnerScope } = access.value;
      const counts = (role: Role) => role !== Role.ROLE_PARTNER || partnerScope === '' || scopes.includes(partnerScope);
      return any.some((role) => roles.includes(roleName(role)) && counts(role));
    }
    case 'internal':
      return false;
  }
}

async function personaOf({ name, signIn }: Account, past: Moa, doors: Doors): Promise<Persona> {
  const expired = past.tokens!.accessToken;
  await past.renewTokens();
  const token = past.tokens!.accessToken;
  const ended = await signIn();
  const revoked = ended.tokens!.accessToken;
  await ended.signOut();
  await untilRefused(revoked, doors);
  return { name, ...rightsIn(token), token, expired, revoked };
}

async function partnerOf({ name, issue, issueRevoked }: Client, expired: string, doors: Doors): Promise<Persona> {
  const [token, revoked] = await Promise.all([issue(), issueRevoked()]);
  await untilRefused(revoked, doors);
  return { name, ...rightsIn(token), token, expired, revoked };
}

async function client(house: House, name: string, scopes: string[]): Promise<Client> {
  const admin = await house.admin();
  const [lasting, ended] = await Promise.all(
    [name, `${name}, suspended`].map((title) =>
      admin.partnerAdmin.createPartnerClient({ name: title, scopes, rateClass: PartnerClient_RateClass.RATE_CLASS_HIGH }),
    ),
  );
  const issueTo = async ({ client: created, clientSecret }: NonNullable<typeof lasting>) =>
    (await house.visitor().partnerTokens.issueClientToken({ clientId: created!.id, clientSecret })).accessToken;
  return {
    name,
    issue: () => issueTo(lasting!),
    async issueRevoked() {
      const token = await issueTo(ended!);
      await admin.partnerAdmin.suspendPartnerClient({ clientId: ended!.client!.id, reason: 'a test' });
      return token;
    },
  };
}

const user = async (house: House) => accountOf(house, 'a USER', await house.person());

const seller = async (house: House) => accountOf(house, 'a SELLER', await house.seller());

async function admin(house: House): Promise<Account> {
  const { email, password } = house.stack.admin;
  const { recoveryCodes } = await (await house.admin()).auth.replaceRecoveryCodes({});
  return account(house, 'an ADMIN', email, password, recoveryCodes);
}

async function staffWithoutFactor(house: House): Promise<Account> {
  const moa = await house.person();
  await grant(house, moa, Role.ROLE_ADMIN);
  return accountOf(house, 'an ADMIN without a second factor', moa);
}

async function compliance(house: House): Promise<Account> {
  const moa = await house.person();
  const { account } = await moa.auth.getMyAccount({});
  await moa.auth.verifyEmail({ token: await mailedToken(house.stack, account!.email) });
  const { secret } = await moa.auth.enrollTotp({});
  const { recoveryCodes } = await moa.auth.confirmTotp({ code: appCode(house.stack, secret) });
  await grant(house, moa, Role.ROLE_COMPLIANCE);
  return accountOf(house, 'COMPLIANCE', moa, recoveryCodes);
}

async function grant(house: House, moa: Moa, role: Role): Promise<void> {
  const { account } = await moa.auth.getMyAccount({});
  await (await house.admin()).accountAdmin.grantRole({ accountId: account!.id, role });
}

async function accountOf(house: House, name: string, moa: Moa, recoveryCodes: string[] = []): Promise<Account> {
  const { account: found } = await moa.auth.getMyAccount({});
  return account(house, name, found!.email, PASSWORD, recoveryCodes);
}

// Recovery codes are good at any time, each once; those of the app are not good in the past.
const account = (house: House, name: string, email: string, password: string, recoveryCodes: string[]): Account => ({
  name,
  async signIn() {
    const moa = house.visitor();
    await moa.signIn(email, password, { code: () => recoveryCodes.pop()! });
    return moa;
  },
});

// Every service by itself has to have heard of it. Nothing is done meanwhile: the bytes are no message.
async function untilRefused(token: string, doors: Doors): Promise<void> {
  const perDomain = new Map(listRpcs().map(({ domain, path }) => [domain, path]));
  for (const [domain, path] of perDomain)
    await until(async () => (await doors.straight(domain, path, { token, body: GARBAGE })) === 'UNAUTHENTICATED TOKEN_REFUSED');
}

function rightsIn(token: string): Pick<Persona, 'roles' | 'scopes'> {
  const { roles, scope = '' } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  return { roles, scopes: scope.split(' ').filter(Boolean) };
}
