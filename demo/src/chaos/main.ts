// npm run chaos: random work of many people through Moa's door, on a stack of its own, while its processes are killed around them.

import { STUBBORN } from '../people.js';
import { printFindings, printLine, printRefusal } from '../print.js';
import { openOwn } from '../stack.js';
import { openStage } from '../stage.js';
import type { Environment } from './killer.js';
import { readOptions } from './options.js';
import { run } from './run.js';

const INTERRUPTED = 130;

async function main(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  const environment: Environment = {};
  const started = performance.now();
  const stack = await openOwn({ environment });
  const stage = openStage(stack, STUBBORN);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stack.close().finally(() => process.exit(INTERRUPTED)));
  try {
    printLine(`A stack of its own at ${stack.publicUrl}; ${options.kills} kills, seed ${options.seed}`);
    const { landed, committed, findings } = await run(stack, stage, environment, options);
    printFindings(findings);
    printLine(`${((performance.now() - started) / 1000).toFixed(1)} s in all`);
    const broken = findings.filter(({ holds }) => !holds).length;
    console.log(`kills landed: ${landed}, operations committed: ${committed}, invariants broken: ${broken}, seed: ${options.seed}`);
    return landed > 0 && committed > 0 && broken === 0;
  } finally {
    await stage.close();
    await stack.close();
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  printRefusal(error);
  process.exitCode = 1;
}
