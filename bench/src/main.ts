// npm run bench -- --list | --only <name>: runs benchmarks, prints their ratios, and appends a row for each to bench/results.jsonl.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { meets, type Outcome, type Scenario } from './scenario.js';
import { archiveSearch } from './scenarios/archive-search.js';
import { catalogue } from './scenarios/catalogue.js';
import { chain } from './scenarios/chain.js';
import { chatRoom } from './scenarios/chat-room.js';
import { checkout } from './scenarios/checkout.js';
import { claims } from './scenarios/claims.js';
import { close } from './scenarios/close.js';
import { edge } from './scenarios/edge.js';
import { events } from './scenarios/events.js';
import { hot } from './scenarios/hot.js';
import { myPage } from './scenarios/my-page.js';
import { nest } from './scenarios/nest.js';
import { pledge } from './scenarios/pledge.js';
import { restarts } from './scenarios/restarts.js';
import { signIn } from './scenarios/sign-in.js';
import { signOut } from './scenarios/sign-out.js';
import { start } from './scenarios/start.js';

const SCENARIOS: readonly Scenario[] = [
  chain,
  nest,
  edge,
  catalogue,
  myPage,
  pledge,
  checkout,
  hot,
  claims,
  events,
  chatRoom,
  archiveSearch,
  close,
  start,
  signOut,
  signIn,
  restarts,
];
const NAME_WIDTH = 9;
const RESULTS = new URL('../../results.jsonl', import.meta.url);

interface Row extends Outcome {
  readonly scenario: string;
  readonly time: string;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { list: { type: 'boolean' }, only: { type: 'string' } } });
  if (values.list) return list();
  const chosen = SCENARIOS.filter(({ name }) => values.only === undefined || name === values.only);
  if (chosen.length === 0) {
    console.error(`There is no benchmark "${values.only}". There are: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
    process.exitCode = 1;
  }
  for (const scenario of chosen) await run(scenario);
}

async function run(scenario: Scenario): Promise<void> {
  console.log(`\n${scenario.name}: ${scenario.title}`);
  const outcome = await scenario.run((line) => console.log(`  ${line}`));
  for (const { name, values } of outcome.sides) {
    console.log(
      `  ${name.padEnd(60)} ${Object.entries(values)
        .map(([key, value]) => `${key} ${round(value)}`)
        .join('  ')}`,
    );
  }
  for (const ratio of outcome.ratios)
    console.log(`  ${meets(ratio) ? '✓' : '✗'} ${ratio.what}: ${round(ratio.value)} (goal ${ratio.goal})`);
  appendFileSync(RESULTS, `${JSON.stringify({ scenario: scenario.name, time: new Date().toISOString(), ...outcome } satisfies Row)}\n`);
}

function list(): void {
  const rows: Row[] = existsSync(RESULTS)
    ? readFileSync(RESULTS, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Row)
    : [];
  for (const { name, number, title, goals } of SCENARIOS) {
    const last = rows.findLast(({ scenario }) => scenario === name);
    console.log(`${String(number).padStart(2)}  ${name.padEnd(NAME_WIDTH)} ${title}`);
    for (const goal of goals) console.log(`              goal ${goal}`);
    for (const ratio of last?.ratios ?? [])
      console.log(`              ${meets(ratio) ? '✓' : '✗'} last ${round(ratio.value)} ${ratio.what} (${last!.time.slice(0, 10)})`);
    if (!last) console.log('              not run yet');
  }
}

const round = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

await main(process.argv.slice(2));
