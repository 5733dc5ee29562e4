// Two copies of a service, and somebody who calls them.
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { certificatesIn, connect, openHost, type Running } from '../src/index.js';
import { configAs, errorOf, implement, NOTHING_REVOKED } from './support.js';

const bed = await openTestbed('copies');
const { channel } = certificatesIn(bed.certificates('user'));

/** A copy that tells who it is by the id of its key. */
async function openCopy(name: string, listen = '127.0.0.1:0') {
  const host = await openHost('auth', { ...(await configAs(bed, 'auth')), LISTEN: listen, AUTH_ADDRESS: undefined });
  host.verifyTokensWith({ ...NOTHING_REVOKED, keys: async () => new Uint8Array() });
  const key = { kid: name, kty: 'OKP', crv: 'Ed25519', x: 'x', alg: 'EdDSA' };
  host.serve(AuthServiceDefinition, implement(AuthServiceDefinition, { getJwks: async () => ({ keys: [key] }) }));
  return host.listen();
}

const open = (...addresses: string[]) => {
  const remote = connect(AuthServiceDefinition, addresses.join(','), 'auth', channel);
  return { who: async () => (await remote.getJwks({})).keys[0]!.kid, close: () => remote.close() };
};

test('calls go to both copies', async () => {
  const [first, second] = await Promise.all([openCopy('first'), openCopy('second')]);
  const { who, close } = open(first.address, second.address);
  const answered = new Set<string>();
  await until(async () => answered.add(await who()).size === 2);
  close();
  await Promise.all([first.stop(), second.stop()]);
});

test('where one copy is not there the other one answers every call', async () => {
  const copy = await openCopy('only');
  const { who, close } = open('127.0.0.1:1', copy.address);
  for (let call = 0; call < 50; call++) assert.is(await who(), 'only');
  close();
  await copy.stop();
});

test('copies that stop and come back one after the other cost no call', async () => {
  let copies: readonly Running[] = await Promise.all([openCopy('first'), openCopy('second')]);
  const addresses = copies.map(({ address }) => address);
  const { who, close } = open(...addresses);
  const done = new AbortController();
  let calls = 0;
  const keepCalling = async () => {
    for (; !done.signal.aborted; calls++) await who();
  };
  const callers = Array.from({ length: 4 }, keepCalling);
  for (const [index, name] of ['first again', 'second again'].entries()) {
    const callsBefore = calls;
    await copies[index]!.stop();
    await until(() => calls > callsBefore + 100);
    copies = copies.with(index, await openCopy(name, addresses[index]));
    await until(async () => (await who()) === name);
  }
  done.abort();
  await Promise.all(callers);
  close();
  await Promise.all(copies.map((copy) => copy.stop()));
});

test('a copy that shows the name of another service is passed over', async () => {
  const copy = await openCopy('right');
  const stranger = await openHost('user', { ...(await configAs(bed, 'user')), AUTH_ADDRESS: copy.address });
  const wrong = await stranger.listen();
  const { who, close } = open(wrong.address, copy.address);
  for (let call = 0; call < 20; call++) assert.is(await who(), 'right');
  close();
  const alone = open(wrong.address, '127.0.0.1:1');
  assert.is((await errorOf(alone.who())).reason, 'SERVICE_UNAVAILABLE');
  alone.close();
  await Promise.all([wrong.stop(), copy.stop()]);
});

test.after(() => bed.close());
test.run();
