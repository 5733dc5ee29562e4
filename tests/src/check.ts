// `npm run check`: everything that can be said of the sources without running the services. Types are checked before this
// runs, when the set-up compiles.
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validateEnvoy } from '@moa/envoy';
import { envoySource, findServer } from '@moa/stack';
import { driftingMigrations } from './checks/migrations.js';
import { type Check, runChecks } from './checks/run-checks.js';
import { tool } from './checks/tool.js';
import { houseProblems } from './house-rules.js';
import { stalePages } from './reference/pages.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

const checks: Check[] = [
  { name: 'format and lint', run: tool(root, 'biome', ['check', '--error-on-warnings', '--max-diagnostics=none', '--colors=off']) },
  { name: 'house rules', run: async () => houseProblems(root).join('\n') },
  { name: 'unused code and dependencies', run: tool(root, 'knip', ['--no-progress', '--no-config-hints']) },
  { name: 'contracts: lint', run: tool(root, 'buf', ['lint']) },
  { name: 'contracts: format', run: tool(root, 'buf', ['format', 'proto', '--diff', '--exit-code']) },
  {
    name: 'contracts: compatible with the last release',
    run: tool(root, 'buf', ['breaking', 'proto', '--against', 'proto/released.binpb']),
  },
  { name: 'migrations lead to the schemas', run: () => driftingMigrations(root) },
  { name: 'reference pages are up to date', run: async () => stalePages(join(root, 'docs/reference')) },
  { name: "Envoy's configuration", run: async () => validateEnvoy(await findServer(envoySource, join(root, '.moa/servers'))) },
];

const failed = await runChecks(checks, { jobs: availableParallelism(), print: console.log });
console.log(`\n${checks.length - failed} checks passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
