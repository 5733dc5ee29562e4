// What every service has, and every RPC of its contract.
import { lstatSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Broken, Rule, Source, Tree } from './tree.js';

const HEADINGS = ['Owns', 'Calls', 'Publishes', 'Consumes'];
const KIT_SQL = 'packages/kit/sql/0000_kit.sql';

interface Contract {
  readonly domain: string;
  readonly service: string;
  readonly rpcs: readonly Rpc[];
  readonly place: Place;
}

interface Rpc {
  readonly name: string;
  readonly place: Place;
}

interface Place {
  readonly path: string;
  readonly line: number;
}

export const serviceRules: Rule[] = [
  { says: 'every contract has the service that serves it', check: contractsNobodyServes },
  { says: 'every RPC has its file', check: rpcsWithoutFile },
  { says: 'every RPC has its test', check: rpcsWithoutTest },
  { says: `every service has a README that says what it ${HEADINGS.join(', ').toLowerCase()}`, check: incompleteReadmes },
  { says: "a database starts with the kit's own migration, as a link to the one file", check: missingKitMigrations },
];

function contractsNobodyServes(tree: Tree): Broken[] {
  return contractsIn(tree)
    .filter((contract) => !isServed(tree, contract))
    .map(({ domain, service, place }) => ({ ...place, why: `services/${domain} does not serve ${service}` }));
}

function rpcsWithoutFile(tree: Tree): Broken[] {
  const paths = tree.sources.map(({ path }) => path);
  return eachServedRpc(tree, (domain, { name, place }) => {
    const folder = `services/${domain}/src/rpc/`;
    const there = paths.some((path) => path.startsWith(folder) && posix.basename(path) === `${kebab(name)}.ts`);
    return there ? [] : [{ ...place, why: `${name} has no ${folder}${kebab(name)}.ts` }];
  });
}

function rpcsWithoutTest(tree: Tree): Broken[] {
  const tests = tree.sources.filter(({ path }) => path.endsWith('.test.ts'));
  return eachServedRpc(tree, (domain, { name, place }) => {
    const mention = new RegExp(`\\b${camel(name)}\\b`);
    const there = tests.some(
      ({ path, code }) => (path.startsWith(`services/${domain}/`) || path.startsWith('tests/')) && mention.test(code),
    );
    return there ? [] : [{ ...place, why: `no test calls ${camel(name)}` }];
  });
}

function incompleteReadmes({ sources }: Tree): Broken[] {
  return servicesIn(sources).flatMap((service) => {
    const path = `services/${service}/README.md`;
    const readme = sources.find((source) => source.path === path);
    if (!readme) return [{ path, why: 'is missing' }];
    return HEADINGS.filter((heading) => !new RegExp(`^#+ ${heading}\\b`, 'm').test(readme.text)).map((heading) => ({
      path,
      why: `has no heading "${heading}"`,
    }));
  });
}

function missingKitMigrations({ root, sources }: Tree): Broken[] {
  return servicesIn(sources)
    .filter((service) => sources.some(({ path }) => path === `services/${service}/prisma.config.ts`))
    .flatMap((service) => {
      const path = `services/${service}/prisma/migrations/0000_kit/migration.sql`;
      const target = linkTarget(join(root, path));
      if (target === undefined) return [{ path, why: `is not a link to ${KIT_SQL}` }];
      const resolved = posix.join(posix.dirname(path), target);
      return resolved === KIT_SQL ? [] : [{ path, why: `leads to ${resolved}` }];
    });
}

function linkTarget(path: string): string | undefined {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined;
  return readlinkSync(path);
}

const eachServedRpc = (tree: Tree, broken: (domain: string, rpc: Rpc) => Broken[]) =>
  contractsIn(tree)
    .filter((contract) => isServed(tree, contract))
    .flatMap(({ domain, rpcs }) => rpcs.flatMap((rpc) => broken(domain, rpc)));

const isServed = ({ sources }: Tree, { domain, service }: Contract) =>
  sources.some(({ path, code }) => path.startsWith(`services/${domain}/src/`) && code.includes(`${service}Definition`));

function contractsIn({ sources }: Tree): Contract[] {
  return sources.flatMap((source) => {
    const domain = source.path.match(/^proto\/moa\/([^/]+)\/.*\.proto$/)?.[1];
    if (domain === undefined) return [];
    const contracts: (Contract & { rpcs: Rpc[] })[] = [];
    for (const [index, line] of source.code.split('\n').entries()) {
      const [, keyword, name] = line.match(/^\s*(service|rpc) (\w+)/) ?? [];
      const place = { path: source.path, line: index + 1 };
      if (keyword === 'service' && name) contracts.push({ domain, service: name, rpcs: [], place });
      if (keyword === 'rpc' && name) contracts.at(-1)?.rpcs.push({ name, place });
    }
    return contracts;
  });
}

const servicesIn = (sources: readonly Source[]) => [
  ...new Set(sources.flatMap(({ path }) => path.match(/^services\/([^/]+)\//)?.[1] ?? [])),
];
const camel = (name: string) => name[0]?.toLowerCase() + name.slice(1);
// OAuth is one word.
const kebab = (name: string) =>
  name
    .replace('OAuth', 'Oauth')
    .replace(/(?!^)([A-Z])/g, '-$1')
    .toLowerCase();
