// Brings a checkout up to date: packages, generated code, compiled code. What has not changed since last time is skipped.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explained } from './explain.mjs';
import { hashOf } from './hash-of.mjs';
import { withLock } from './lock.mjs';
import { step } from './progress.mjs';
import { run } from './run-command.mjs';
import { stampOf } from './stamp.mjs';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const PNPM = 'pnpm@12.21.0';

export async function setUp() {
  process.chdir(root);
  try {
    mkdirSync('.moa/stamps', { recursive: true });
  } catch (error) {
    throw explained(`make ${join(root, '.moa')}`, error);
  }
  await withLock('.moa/set-up.lock', bringUpToDate, () => console.error('  waiting for another set-up of this folder to end'));
}

async function bringUpToDate() {
  await install();
  await Promise.all([generateContracts(), ...databaseClients().map(generateDatabaseClient)]);
  await compile();
}

const install = () =>
  whenChanged('packages', {
    inputs: ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...workspaceFolders().map((folder) => `${folder}/package.json`)],
    outputs: ['node_modules/.modules.yaml'],
    title: 'installing packages',
    work: () => run('npx', ['-y', PNPM, 'install', '--frozen-lockfile'], { env: { CI: 'true' } }),
  });

const generateContracts = async () =>
  existsSync('packages/contracts/generate.mjs') &&
  whenChanged('contracts', {
    inputs: ['proto', 'buf.yaml', 'buf.gen.yaml', 'packages/contracts/generate.mjs', 'packages/contracts/package.json'],
    outputs: ['packages/contracts/moa.binpb', 'packages/contracts/src/moa'],
    title: 'generating contracts',
    work: () => run(process.execPath, ['packages/contracts/generate.mjs']),
  });

// Generating wants to download an engine that it does not use; /bin/false is an engine, too.
const generateDatabaseClient = ({ folder, schema, client }) =>
  whenChanged(`prisma-${dirname(dirname(schema)).replaceAll('/', '-')}`, {
    inputs: [schema, `${folder}/prisma.config.ts`, `${folder}/package.json`],
    outputs: [client],
    title: `generating the database client of ${folder}`,
    work: () =>
      run(join(root, folder, 'node_modules/.bin/prisma'), ['generate', '--schema', join(root, schema)], {
        env: { PRISMA_SCHEMA_ENGINE_BINARY: '/bin/false' },
        cwd: folder,
      }),
  });

const compile = () =>
  whenChanged('compiled', {
    inputs: [
      'tsconfig.base.json',
      ...workspaceFolders().flatMap((folder) => [...projectsOf(folder), `${folder}/package.json`, `${folder}/src`, `${folder}/tests`]),
    ],
    outputs: workspaceFolders()
      .filter((folder) => projectsOf(folder).length > 0)
      .map((folder) => `${folder}/dist`),
    title: 'compiling',
    work: async () => {
      await run('node_modules/.bin/tsc', ['-b', ...workspaceFolders().flatMap(projectsOf)]);
      workspaceFolders().forEach(removeOrphans);
    },
  });

/** Runs the work unless the inputs are as they were when it last succeeded, and its outputs are still there. */
async function whenChanged(name, { inputs, outputs, title, work }) {
  const stamp = stampOf(`.moa/stamps/${name}`, `${process.platform} ${process.arch} node ${process.versions.modules} ${hashOf(inputs)}`);
  if (stamp.current() && outputs.every((path) => existsSync(path))) return;
  await step(title, work);
  stamp.write();
}

function workspaceFolders() {
  const inside = (parent) => (existsSync(parent) ? readdirSync(parent).map((name) => `${parent}/${name}`) : []);
  return [...inside('packages'), ...inside('services'), 'gateway', 'envoy', 'stack', 'bench', 'tests', 'demo'].filter((folder) =>
    existsSync(`${folder}/package.json`),
  );
}

// A service has its schema; the kit's tests have one of their own.
const databaseClients = () =>
  workspaceFolders()
    .flatMap((folder) => [
      { folder, schema: `${folder}/prisma/schema.prisma`, client: `${folder}/src/generated` },
      { folder, schema: `${folder}/tests/prisma/schema.prisma`, client: `${folder}/tests/generated` },
    ])
    .filter(({ schema }) => existsSync(schema));

const projectsOf = (folder) =>
  readdirSync(folder)
    .filter((name) => /^tsconfig.*\.json$/.test(name))
    .map((name) => `${folder}/${name}`);

// A test whose source is gone must not run on from what was compiled of it.
function removeOrphans(folder) {
  for (const part of ['src', 'tests']) {
    if (!existsSync(`${folder}/dist/${part}`)) continue;
    for (const name of readdirSync(`${folder}/dist/${part}`, { recursive: true })) {
      if (name.endsWith('.js') && !existsSync(`${folder}/${part}/${name.slice(0, -'.js'.length)}.ts`))
        rmSync(`${folder}/dist/${part}/${name}`);
    }
  }
}
