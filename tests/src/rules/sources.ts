// What a source may read, be named and be as long as.
import { posix } from 'node:path';
import { type Broken, find, isCode, isTest, type Rule, type Source, type Tree } from './tree.js';

const LINES_AT_MOST = 300;
const NAMELESS = /^(utils?|helpers?|common|managers?|misc|impl)$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?\.(ts|tsx|mjs|js)$/;
const READS_ENVIRONMENT =
  /^((services\/[^/]+|gateway|packages\/[^/]+)\/src\/config\.ts|packages\/kit\/src\/crash-point\.ts|services\/[^/]+\/prisma\.config\.ts|packages\/testkit\/.*|(stack|tests|bench|demo)\/.*)$/;

export const sourceRules: Rule[] = [
  {
    says: 'process.env is read only in config.ts, the crash points, and what starts things',
    check: each(
      (source) => isCode(source) && !isTest(source) && !READS_ENVIRONMENT.test(source.path),
      (source) => find(source, /\bprocess\.env\b|\bprocess\[['"]env['"]\]/g, () => 'reads process.env'),
    ),
  },
  {
    says: 'time and randomness come into the domain as arguments',
    check: each(
      ({ path }) => /\/src\/domain\//.test(path),
      (source) =>
        find(source, /\b(Date\.now|Math\.random|new Date|performance\.now|randomUUID|randomBytes|randomInt|newId)\(\s*\)?/g, (match) =>
          match[1] === 'new Date' && !match[0].endsWith(')') ? '' : `calls ${match[1]}`,
        ).filter(({ why }) => why !== ''),
    ),
  },
  {
    says: 'a limit is a named constant with its unit',
    check: each(
      (source) => isCode(source) && !isTest(source),
      (source) => [
        ...find(
          source,
          /\b(setTimeout|setInterval|sleep)\([^;{}\n]*,\s*(\d[\d_]{2,})\s*\)/g,
          ([, call, value]) => `${call} with a bare ${value}`,
        ),
        ...find(source, /\b(AbortSignal\.timeout|sleep)\(\s*(\d[\d_]{2,})\s*\)/g, ([, call, value]) => `${call} with a bare ${value}`),
      ],
    ),
  },
  {
    says: `a file has ${LINES_AT_MOST} lines at most`,
    check: each(isCode, ({ path, text }) => {
      const lines = text.split('\n').length - 1;
      return lines > LINES_AT_MOST ? [{ path, why: `has ${lines} lines` }] : [];
    }),
  },
  {
    says: 'files are in kebab-case and say what they hold: no utils, helpers, common, manager',
    check: each(isCode, ({ path }) => {
      const name = posix.basename(path);
      const parts = path.split('/').map((part) => part.replace(/\..*$/, ''));
      const nameless = parts.find((part) => NAMELESS.test(part) || part.split('-').some((word) => NAMELESS.test(word)));
      if (nameless) return [{ path, why: `is named "${nameless}"` }];
      return KEBAB_CASE.test(name) ? [] : [{ path, why: 'is not in kebab-case' }];
    }),
  },
  {
    says: 'a test file ends by running its tests, each suite and all of it',
    check: each(
      ({ path }) => path.endsWith('.test.ts'),
      (source) =>
        [
          ...(/\b\w+\.run\(\);$/.test(source.code.trimEnd()) ? [] : [{ path: source.path, why: 'does not end with test.run();' }]),
          ...find(source, /\b(\w+) = suite\b/g, ([, name]) =>
            source.code.includes(`${name}.run();`) ? '' : `never runs the suite ${name}`,
          ),
          ...find(source, /^\s*\w+\.only\(/gm, () => 'runs only one of its tests'),
        ].filter(({ why }) => why !== ''),
    ),
  },
  {
    says: 'the kit is functions: no decorators, no base classes',
    check: each(
      (source) => source.path.startsWith('packages/kit/src/'),
      (source) => [
        ...find(source, /^\s*@\w+(\(|\s*$)/gm, () => 'has a decorator'),
        ...find(source, /\babstract class\b/g, () => 'has an abstract class'),
      ],
    ),
  },
];

function each(concerned: (source: Source) => boolean, broken: (source: Source) => Broken[]) {
  return ({ sources }: Tree): Broken[] => sources.filter(concerned).flatMap(broken);
}
