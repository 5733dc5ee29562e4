// The story of thirteen projects and three hundred backers, through every real part of the house.

import { readStory } from './data.js';
import { startKills } from './kills.js';
import { readOptions } from './options.js';
import { PATIENT, STUBBORN } from './people.js';
import { printLine, printRefusal } from './print.js';
import { makeRandom } from './random.js';
import { openOwn, openStack } from './stack.js';
import { openStage } from './stage.js';
import { tellStory } from './story.js';

const INTERRUPTED = 130;

async function run(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  const started = performance.now();
  const { chaos, seed } = options;
  const own = chaos ? await openOwn() : undefined;
  const stack = own ?? (await openStack(options));
  const stage = openStage(stack, chaos ? STUBBORN : PATIENT);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stack.close().finally(() => process.exit(INTERRUPTED)));
  try {
    printLine(
      `${stack.own ? 'A stack of its own' : 'The running stack'} at ${stack.publicUrl}; seed ${seed}, scale ${options.scale}, run ${stage.runId}`,
    );
    const kills = own && startKills(own, makeRandom(seed));
    const good = await tellStory(stage, await readStory(), options, async () => {
      if (kills) printLine(`Nothing is killed any more: it was done ${await kills.stop()} times.`);
    });
    if (!stack.own)
      printLine(`The clock of this stack is ${stack.daysAhead()} days ahead now; npm run stack -- reset puts everything back.`);
    printLine(`${((performance.now() - started) / 1000).toFixed(1)} s in all`);
    return good;
  } finally {
    await stage.close();
    await stack.close();
  }
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  printRefusal(error);
  process.exitCode = 1;
}
