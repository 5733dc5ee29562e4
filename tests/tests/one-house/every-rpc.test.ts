// Every RPC of the contracts, at Envoy and straight at its service, tried by everybody who may not call it. A new RPC is tried without a
// line of code.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listRpcs, type Rpc } from '@moa/contracts/descriptors';
import { framed } from '@moa/testkit';
import { issueThroughIntermediate } from '@moa/testkit/certificates';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_CONNECTION, openDoors } from '../doors.js';
import { theHouse } from '../house.js';
import { mayCall, openPersonas, type Persona } from '../personas.js';
import { openTally, type Try } from '../tally.js';
import { validRequest } from '../valid-request.js';

const MISSING = 'UNAUTHENTICATED TOKEN_MISSING';
const REFUSED = 'UNAUTHENTICATED TOKEN_REFUSED';
const NOT_ALLOWED = 'PERMISSION_DENIED CALLER_NOT_ALLOWED';
const STALE = 'PERMISSION_DENIED FRESH_AUTH_NEEDED';
const UNKNOWN = 'UNIMPLEMENTED METHOD_UNKNOWN';
const GARBAGE = framed(Buffer.alloc(100, 0xff));

const house = await theHouse();
const doors = openDoors(house.stack);
const personas = await openPersonas(house, doors);
const tally = openTally();
const admin = personas.find(({ roles }) => roles.includes('ADMIN'))!;

// The names that a certificate of the house may have: "stack" is on nobody's list.
const names = [...Object.keys(house.stack.addresses), 'envoy', 'stack'];
const elsewhere = mkdtempSync(join(tmpdir(), 'moa-elsewhere-'));
// Contracts may name services that are not built yet.
const callers = listRpcs().flatMap(({ access }) => (access.$case === 'internal' ? access.value.names : []));
await issueThroughIntermediate(elsewhere, [...new Set([...names, ...callers])]);

test('there is a caller of every role, with a second factor where it takes one', () => {
  const rolesOf = (name: string) => personas.find((persona) => persona.name === name)?.roles.toSorted();
  assert.equal(rolesOf('a USER'), ['USER']);
  assert.equal(rolesOf('a SELLER'), ['SELLER', 'USER']);
  assert.equal(rolesOf('an ADMIN'), ['ADMIN', 'USER']);
  assert.equal(rolesOf('COMPLIANCE'), ['COMPLIANCE', 'USER']);
  assert.equal(rolesOf('an ADMIN without a second factor'), ['USER']);
});

for (const rpc of listRpcs()) {
  const name = `${rpc.service.split('.').at(-1)}/${rpc.method}`;
  if (rpc.access.$case === 'internal') {
    test(`${name} is not there from outside, and is closed to every service that its contract does not name`, () =>
      tally.refuse(triesOfInternal(rpc, rpc.access.$case === 'internal' ? rpc.access.value.names : [])));
  } else {
    test(`${name} is closed to everybody whom its contract does not name`, () => tally.refuse(triesOf(rpc)));
  }
}

/** A request that is right in all but its caller, and one that is nothing: refused alike, for who may not call is not even read. */
const bodiesOf = (rpc: Rpc) => ({ 'a good request': framed(validRequest(rpc)), garbage: GARBAGE });

function triesOf(rpc: Rpc): Try[] {
  const { path, domain, access, freshAuthMinutes } = rpc;
  const { 'a good request': good } = bodiesOf(rpc);
  const inside = personas.filter((persona) => mayCall(access, persona));
  const outside = personas.filter((persona) => !mayCall(access, persona));
  const withToken = (what: string, token: string, body: Buffer, expected: string): Try[] => [
    { what, door: 'Envoy', send: () => doors.grpc(path, { token, body }), expected },
    { what, door: 'service', send: () => doors.straight(domain, path, { token, body }), expected },
  ];
  const each = (some: readonly Persona[], kind: 'token' | 'expired' | 'revoked', how: string, body: Buffer, expected: string) =>
    some.flatMap((persona) => withToken(`${persona.name} with ${how}`, persona[kind], body, expected));

  const tries = Object.entries(bodiesOf(rpc)).flatMap(([kind, body]) => [
    ...(access.$case === 'public' ? [] : withoutToken(rpc, kind, body)),
    ...each(outside, 'token', kind, body, NOT_ALLOWED),
  ]);
  return [
    ...tries,
    ...each(personas, 'expired', 'an expired token', good, REFUSED),
    ...each(inside, 'revoked', 'a revoked token', good, REFUSED),
    ...withoutOurCertificate(rpc, { body: good, token: inside[0]?.token }, 'envoy'),
    ...(freshAuthMinutes > 0 ? each(inside, 'token', 'a session that is not fresh', good, STALE) : []),
  ];
}

function withoutToken({ path, domain }: Rpc, kind: string, body: Buffer): Try[] {
  return [
    { what: `nobody with ${kind}`, door: 'Envoy', send: () => doors.grpc(path, { body }), expected: MISSING },
    { what: `nobody by gRPC-Web with ${kind}`, door: 'Envoy', send: () => doors.web(path, { body }), expected: MISSING },
    ...names.map(
      (as): Try => ({
        what: `the certificate of ${as} with ${kind}`,
        door: 'service',
        send: () => doors.straight(domain, path, { as, body }),
        expected: MISSING,
      }),
    ),
  ];
}

function triesOfInternal(rpc: Rpc, listed: readonly string[]): Try[] {
  const { path, domain } = rpc;
  const { 'a good request': good } = bodiesOf(rpc);
  const atEnvoy = (what: string, options: { body: Buffer; token?: string }): Try[] => [
    { what, door: 'Envoy', send: () => doors.grpc(path, options), expected: UNKNOWN },
    { what: `${what} by gRPC-Web`, door: 'Envoy', send: () => doors.web(path, options), expected: UNKNOWN },
  ];
  const tries = Object.entries(bodiesOf(rpc)).flatMap(([kind, body]) => [
    ...atEnvoy(kind, { body }),
    ...names
      .filter((as) => !listed.includes(as))
      .flatMap((as) =>
        [{}, { token: admin.token }].map(
          (options): Try => ({
            what: `${as} with ${kind}`,
            door: 'service',
            send: () => doors.straight(domain, path, { as, body, ...options }),
            expected: NOT_ALLOWED,
          }),
        ),
      ),
  ]);
  const withTokens = personas.flatMap(({ name, token }) => atEnvoy(name, { body: good, token }));
  return [...tries, ...withTokens, ...withoutOurCertificate(rpc, { body: good }, listed[0]!)];
}

/** Without a certificate, and with one that names the right service but comes from somebody else's authority. */
function withoutOurCertificate({ path, domain }: Rpc, options: { body: Buffer; token?: string | undefined }, named: string): Try[] {
  const { token, body } = options;
  return [null, join(elsewhere, named)].map((as) => ({
    what: as === null ? 'no certificate' : 'a certificate of another authority',
    door: 'service',
    send: () => doors.straight(domain, path, { as, body, ...(token && { token }) }),
    expected: NO_CONNECTION,
  }));
}

tally.declareLastTest();
test.after(() => doors.close());
test.run();
