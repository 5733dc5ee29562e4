// What holds for a call of one RPC, at the door and behind it, and where each part of that is written.
import { readFileSync } from 'node:fs';
import type { Rpc } from '@moa/contracts/descriptors';
import { ACCESS_FIELD, CALL_FIELD } from '@moa/contracts/method';
import { Role } from '@moa/contracts/options/v1/options';
import { DEFAULT_RATE, PARTNER_RATES } from '../limits.js';
import { edgeTimeoutMs, retryPolicy } from '../routes.js';
import { commentOf, documented, placeOf } from './documented.js';
import { callersInWords, rateInWords } from './words.js';

const ROOT = new URL('../../../../', import.meta.url);

/** One thing that holds for a call. */
export interface Fact {
  readonly name: string;
  readonly says: readonly string[];
  /** "envoy/src/limits.ts:48". */
  readonly writtenAt: readonly string[];
}

export interface Explanation {
  readonly path: string;
  readonly comment: string;
  readonly facts: readonly Fact[];
}

/** Where an RPC, who may call it and how, stands in its contract. */
interface Places {
  readonly rpc: string;
  readonly access: string;
  readonly call: string;
}

export function explainRpc(rpc: Rpc): Explanation {
  const method = documented.getService(rpc.service)!.methods.find(({ name }) => name === rpc.method)!;
  const places = { rpc: placeOf(method), access: placeOf(method, ACCESS_FIELD), call: placeOf(method, CALL_FIELD) };
  const facts = rpc.access.$case === 'internal' ? factsInside(rpc, places) : factsAtTheDoor(rpc, places);
  return { path: rpc.path, comment: commentOf(method), facts };
}

const factsAtTheDoor = (rpc: Rpc, { rpc: contract, access, call }: Places): Fact[] => [
  { name: 'Contract', says: [`Served by ${rpc.domain}.`], writtenAt: [contract, lineOf('envoy/src/routes.ts', 'const rpcRoute')] },
  {
    name: 'Who',
    says: [who(rpc), 'Envoy decides first, and the service again.'],
    writtenAt: [access, lineOf('envoy/src/access.ts', 'function accessOf'), lineOf('packages/kit/src/caller.ts', 'function authorizer')],
  },
  { name: 'Fresh auth', says: [freshAuth(rpc)], writtenAt: rpc.freshAuthMinutes > 0 ? [call] : [] },
  {
    name: 'Limits',
    says: limits(rpc),
    writtenAt: [
      rpc.rate ? call : lineOf('envoy/src/limits.ts', 'const DEFAULT_RATE'),
      lineOf('envoy/src/limits.ts', 'function limitOf'),
      ...(isForPartners(rpc) ? [lineOf('envoy/src/limits.ts', 'const PARTNER_RATES')] : []),
    ],
  },
  { name: 'Timeout', says: timeout(rpc), writtenAt: [call, lineOf('envoy/src/routes.ts', 'const edgeTimeoutMs')] },
  {
    name: 'Retries',
    says: [
      rpc.repeatable
        ? 'Repeatable: clients of ours send it again after UNAVAILABLE, within a budget.'
        : 'Not repeatable: clients send it once.',
      `Envoy sends again only what never reached a service, to another copy: ${retryPolicy.retry_on.replaceAll(',', ', ')}.`,
    ],
    writtenAt: [
      call,
      lineOf('packages/client/src/middleware.ts', 'function withRetries'),
      lineOf('envoy/src/routes.ts', 'const retryPolicy'),
    ],
  },
  {
    name: 'Request',
    says: [rpc.streams ? 'A stream, which Envoy does not hold back.' : '1 MiB at most, and Envoy holds it until it is whole.'],
    writtenAt: [lineOf('envoy/src/body-limit.ts', 'const bodyLimit')],
  },
];

const factsInside = (rpc: Rpc, { rpc: contract, access, call }: Places): Fact[] => [
  { name: 'Contract', says: [`Served by ${rpc.domain}, for other services only.`], writtenAt: [contract] },
  {
    name: 'Who',
    says: [`By the name in its certificate: ${callersInWords(rpc).replace('internal: ', '')}. A token makes no difference.`],
    writtenAt: [access, lineOf('packages/kit/src/caller.ts', 'function authorizer')],
  },
  {
    name: 'Outside',
    says: ['Nobody. Envoy has no route to it and answers METHOD_UNKNOWN, and reflection does not show it.'],
    writtenAt: [
      lineOf('envoy/src/routes.ts', "access.$case !== 'internal'"),
      lineOf('gateway/src/reflection/public-contracts.ts', "access.$case !== 'internal'"),
    ],
  },
  { name: 'Limits', says: ['None.'], writtenAt: [] },
  { name: 'Timeout', says: [timeoutInService(rpc)], writtenAt: [call] },
  {
    name: 'Retries',
    says: ['None between services: whoever called first may repeat the whole.'],
    writtenAt: [lineOf('packages/kit/src/connect.ts', 'Never retries')],
  },
];

function who(rpc: Rpc): string {
  switch (rpc.access.$case) {
    case 'public':
      return 'Anybody, with a token or without one. A bad token is refused all the same.';
    case 'signedIn':
      return 'Any account, by a good token.';
    default:
      return `Accounts that are ${callersInWords(rpc)} by their token.`;
  }
}

const freshAuth = ({ freshAuthMinutes }: Rpc): string =>
  freshAuthMinutes > 0 ? `A sign-in or a second factor not older than ${freshAuthMinutes} minutes.` : 'Any valid token will do.';

const isForPartners = ({ access }: Rpc): boolean => access.$case !== 'roles' || access.value.any.includes(Role.ROLE_PARTNER);

function limits(rpc: Rpc): string[] {
  const { rate } = rpc;
  const { perMinute, burst, byAddress } = rate ?? DEFAULT_RATE;
  const whom = byAddress ? 'for each address, whoever calls' : 'for each account, or each address without a token';
  const partners = Object.entries(PARTNER_RATES).map(([name, of]) => `${name} ${of.perMinute} a minute and ${of.burst} at once`);
  return [
    `${rateInWords({ perMinute, burst, byAddress: false })}, ${whom}${rate ? '' : ': the default of the edge'}.`,
    ...(isForPartners(rpc) ? [`A partner over all RPCs, as its token says: ${partners.join(', ')}.`] : []),
    'npm start multiplies them, since everybody on one machine has one address.',
  ];
}

const timeoutInService = ({ timeoutMs }: Rpc): string => (timeoutMs > 0 ? `${timeoutMs / 1000} s in the service.` : 'None: a stream.');

const timeout = (rpc: Rpc): string[] => [
  timeoutInService(rpc),
  ...(rpc.timeoutMs > 0 ? [`${edgeTimeoutMs(rpc) / 1000} s at Envoy, so that the service's own TIMEOUT comes first.`] : []),
];

/** Where a text stands first in a source of ours. */
function lineOf(file: string, text: string): string {
  const lines = readFileSync(new URL(file, ROOT), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`"${text}" does not stand in ${file} any more`);
  return `${file}:${index + 1}`;
}
