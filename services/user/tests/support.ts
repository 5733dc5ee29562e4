import { randomUUID } from 'node:crypto';
import type { ServiceError } from '@grpc/grpc-js';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { ServiceDefinition } from '@moa/contracts/method';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { type Implementation, openHost, readConfig } from '@moa/kit';
import { openEvents, openTestbed } from '@moa/testkit';
import { variables } from '../src/config.js';
import { startUser } from '../src/service.js';

const NOBODY = '127.0.0.1:9';

/** A real user service in a bed of its own, as Envoy sees it, and the events that it hears. */
export async function openUser(name: string) {
  const bed = await openTestbed(name);
  const auth = await startAuthOfTests();
  const environment = {
    ...(await bed.environment('user')),
    AUTH_ADDRESS: auth.address,
    // Asked when My Page is made anew, which is tested with all of them: tests/tests/my-page.test.ts.
    FUNDING_ADDRESS: NOBODY,
    PURCHASE_ADDRESS: NOBODY,
    COUPON_ADDRESS: NOBODY,
  };
  const running = await startUser(readConfig(variables, environment));
  const events = await openEvents(bed);
  let stopped: Promise<void> | undefined;
  /** Ends the service, for a test that runs it as a process of its own. */
  const stop = () => (stopped ??= running.stop());

  return {
    bed,
    events,
    address: running.address,
    environment,
    stop,
    users: bed.connect(UserServiceDefinition, running.address),
    stopAuth: auth.stop,
    async person() {
      const id = randomUUID();
      return { id, as: await bed.as(id) };
    },
    async close() {
      await events.close();
      await stop();
      await auth.stop();
      await bed.close();
    },
  };

  // What this service asks of auth: the bed's keys, and an address for every account.
  async function startAuthOfTests() {
    const host = await openHost('auth', await bed.config('auth'));
    const address = (await bed.config('user')).AUTH_ADDRESS!;
    const keys = host.connect(AuthServiceDefinition, address);
    const tokens = host.connect(AccountServiceDefinition, address);
    host.serve(AuthServiceDefinition, { ...unasked(AuthServiceDefinition), getJwks: () => keys.getJwks({}) });
    host.serve(AccountServiceDefinition, {
      getEmail: async ({ accountId }) => ({ email: emailOf(accountId) }),
      listRevokedSessions: (request) => tokens.listRevokedSessions(request),
      getSession: (request) => tokens.getSession(request),
    });
    const running = await host.listen();
    let stopped: Promise<void> | undefined;
    return { address: running.address, stop: () => (stopped ??= running.stop()) };
  }
}

/** The RPCs of a contract that the user service never calls. */
function unasked<S extends ServiceDefinition>(definition: S): Implementation<S> {
  const refuse = () => Promise.reject(new Error('not asked by the user service'));
  return Object.fromEntries(Object.keys(definition.methods).map((name) => [name, refuse])) as unknown as Implementation<S>;
}

export const emailOf = (accountId: string) => `${accountId}@moa.example`;

/** The error that a call must end with. */
export async function refusal(call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await call.then(
    () => undefined,
    (error) => error,
  );
  if (outcome === undefined) throw new Error('was not refused');
  return outcome;
}
