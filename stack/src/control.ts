// `npm run stack -- <command>`: looks at the stack that runs from this checkout, and does things to it.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { adminCode } from './admin-code.js';
import { clockOffsetMs, durationMs, shiftClock } from './clock.js';
import { askStack } from './control-server.js';
import { logFile } from './logs.js';
import { readMail } from './mail.js';
import { SERVERS_FOLDER } from './programs.js';
import { resetStack } from './reset.js';
import { fetchMongod } from './servers/fetch-mongod.js';
import { root } from './services.js';
import { runningStack } from './stack.js';
import { formatRows, type Row } from './table.js';

const folder = join(root, '.moa');
const [command = '', name = ''] = process.argv.slice(2);

const NOT_RUNNING = 'Moa does not run from this checkout: npm start';
const USAGE = `npm run stack -- <command>
  status            what is up, and where
  logs <name>       what a process says, from its last lines on
  restart <name>    stops a process and starts it again; the copies of a service one after the other
  kill <name>       SIGKILL to one process, as a crash; it is started again
  certificates      makes new ones for all processes, which go on as they are
  admin             how the first admin signs in, with a code of now
  clock <duration>  moves the time of all services: 36h, 14d, -1w
  mail [address]    the newest mail that services have sent
  fetch-mongod      gets a real MongoDB from MongoDB itself, for the next start; see docs/adr/0026
  stop              as Ctrl-C where it runs
  reset             stops everything and removes all data of this checkout`;

const commands: Readonly<Record<string, () => Promise<void>>> = {
  async status() {
    const { rows, time } = await ask<{ rows: Row[]; time: string }>('/status');
    console.log(`${formatRows(rows)}\n  The clock says ${time}.`);
  },
  async logs() {
    const file = logFile(join(folder, 'logs'), name);
    if (!existsSync(file)) throw new Error(`There is no log of "${name}". There are: ${logNames().join(', ')}.`);
    spawn('tail', ['-n', '200', '-F', file], { stdio: 'inherit' });
  },
  async restart() {
    await ask(`/restart?name=${encodeURIComponent(name)}`);
    console.log(`${name} is up again.`);
  },
  async kill() {
    await ask(`/kill?name=${encodeURIComponent(name)}`);
    console.log(`${name} was killed, and is being started again.`);
  },
  async certificates() {
    await ask('/certificates');
    console.log('There are new certificates. Every process takes them up within 10 seconds, for new connections.');
  },
  async admin() {
    const facts = runningStack(folder);
    if (!facts) throw new Error(NOT_RUNNING);
    const { email, password, totpSecret } = facts.admin;
    console.log(`  email     ${email}\n  password  ${password}\n  code      ${adminCode(facts)}   (each is good once, for half a minute)`);
    console.log(`  secret    ${totpSecret}   (for an authenticator app)`);
  },
  async clock() {
    const byMs = durationMs(name);
    if (byMs === undefined) throw new Error(`"${name}" is no duration: 30m, 36h, 14d, 2w, or -1d to go back`);
    shiftClock(join(folder, 'clock.json'), byMs);
    console.log(`The clock says ${new Date(Date.now() + clockOffsetMs(join(folder, 'clock.json'))).toISOString()}.`);
  },
  async mail() {
    const facts = runningStack(folder);
    if (!facts) throw new Error(NOT_RUNNING);
    console.log(await readMail(facts, name));
  },
  async 'fetch-mongod'() {
    console.log(
      `The next start takes ${await fetchMongod(SERVERS_FOLDER)}. What the small server holds stays where it is, and is not taken over.`,
    );
  },
  async stop() {
    await ask('/stop');
    console.log('It is stopping.');
  },
  reset: () => resetStack(folder),
};

try {
  const run = commands[command];
  if (!run) throw new Error(USAGE);
  await run();
} catch (error) {
  console.error((error as { explained?: string }).explained ?? (error as Error).message);
  process.exitCode = 1;
}

async function ask<T>(path: string): Promise<T> {
  const answer = await askStack<T>(folder, path);
  if (answer === undefined) throw new Error(NOT_RUNNING);
  return answer;
}

function logNames(): string[] {
  const logs = join(folder, 'logs');
  return existsSync(logs)
    ? readdirSync(logs)
        .filter((file) => file.endsWith('.log'))
        .map((file) => file.slice(0, -'.log'.length))
    : [];
}
