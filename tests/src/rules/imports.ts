// Who may import what.
import { posix } from 'node:path';
import { type Broken, importsOf, isCode, isTest, type Rule, type Source, type Tree } from './tree.js';

const SERVICE = /^(services\/[^/]+|gateway)\//;
const FOR_SERVICES = /^@moa\/(contracts|kit|verify)(\/|$)/;
const FOR_TESTS_OF_SERVICES = /^@moa\/(contracts|kit|verify|testkit|client|mailbox|sandbox-provider)(\/|$)/;
const OUTWARD_OF_DOMAIN =
  /^(@grpc\/|@nats-io\/|@prisma\/|@moa\/contracts\/.*_(service|events)$|ioredis|pg$|node:(fs|net|http|http2|https|tls|child_process|timers|process))/;

export const importRules: Rule[] = [
  {
    says: 'services import contracts, kit, verify and npm packages; never each other',
    check: every(
      (source) => SERVICE.test(source.path),
      (source, specifier) => {
        const allowed = isTest(source) ? FOR_TESTS_OF_SERVICES : FOR_SERVICES;
        return specifier.startsWith('@moa/') && !allowed.test(specifier);
      },
    ),
  },
  {
    says: 'a relative import stays in its package',
    check: every(
      () => true,
      ({ path }, specifier) => /^\.\.?\//.test(specifier) && packageOf(resolve(path, specifier)) !== packageOf(path),
    ),
  },
  {
    says: 'domain imports nothing outward',
    check: every(
      ({ path }) => /\/src\/domain\//.test(path),
      ({ path }, specifier) => OUTWARD_OF_DOMAIN.test(specifier) || (specifier.startsWith('.') && !inward(resolve(path, specifier))),
    ),
  },
  {
    says: 'rpc and events do not import each other, and nothing below imports them',
    check: every(
      ({ path }) => /^(services\/[^/]+|gateway)\/src\/(rpc|events|domain|store)\//.test(path),
      ({ path }, specifier) => {
        const layer = (of: string) => of.match(/\/src\/(rpc|events)\//)?.[1];
        const target = specifier.startsWith('.') ? layer(resolve(path, specifier)) : undefined;
        return target !== undefined && target !== layer(path);
      },
    ),
  },
  {
    says: 'the kit knows contracts, and no other package of the house',
    check: every(
      (source) => source.path.startsWith('packages/kit/') && !isTest(source),
      (_, specifier) => specifier.startsWith('@moa/') && !/^@moa\/contracts(\/|$)/.test(specifier),
    ),
  },
];

function every(concerned: (source: Source) => boolean, wrong: (source: Source, specifier: string) => boolean) {
  return ({ sources }: Tree): Broken[] =>
    sources
      .filter((source) => isCode(source) && concerned(source))
      .flatMap((source) =>
        importsOf(source)
          .filter(({ specifier }) => wrong(source, specifier))
          .map(({ specifier, line }) => ({ path: source.path, line, why: `imports ${specifier}` })),
      );
}

const resolve = (path: string, specifier: string) => posix.join(posix.dirname(path), specifier);
const packageOf = (path: string) => path.match(/^((packages|services)\/[^/]+|[^/]+)/)?.[0];
// Its own reasons are the domain's words, too.
const inward = (path: string) => /\/src\/(domain\/|errors\.js$)/.test(path);
