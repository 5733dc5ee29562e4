// `npm start [-- --port 8080] [--tls] [--copies funding=2]`: everything, until Ctrl-C.
import { parseArgs } from 'node:util';
import { serveControl } from './control-server.js';
import { parseCopies } from './copies.js';
import type { StackOptions } from './plan.js';
import { type StackFacts, startStack } from './stack.js';
import { table } from './table.js';

const DEFAULT_PORT = 8_080;
const USAGE = 'npm start -- [--port 8080] [--tls] [--copies funding=2,payment=2]';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const startedMs = performance.now();
// Before the stack is up, Ctrl-C just ends this process; its servers then end by themselves.
const endAtOnce = () => process.exit(130);
for (const signal of SIGNALS) process.on(signal, endAtOnce);

try {
  const stack = await startStack(optionsWanted());
  const control = await serveControl(stack, leave);
  for (const signal of SIGNALS) process.off(signal, endAtOnce).on(signal, () => void leave());
  console.log(`\nMoa is up after ${((performance.now() - startedMs) / 1000).toFixed(1)} s.\n\n${table(stack)}\n`);
  console.log(greeting(stack));

  let leaving = false;
  let askedMs = 0;
  async function leave(): Promise<void> {
    // npm passes a Ctrl-C on that the terminal has already sent: twice at once is once.
    if (leaving && performance.now() - askedMs > 500) {
      console.log('\nEnding everything at once.');
      await stack.killAll();
      process.exit(1);
    }
    if (leaving) return;
    leaving = true;
    askedMs = performance.now();
    console.log('\nStopping, services first. Data stays; "npm run stack -- reset" removes it. Ctrl-C again ends everything at once.');
    await stack.stop();
    await control.close();
    console.log('Stopped.');
    process.exit(0);
  }
} catch (error) {
  console.error(`\n${(error as { explained?: string }).explained ?? (error as Error).stack}`);
  process.exit(1);
}

function optionsWanted(): StackOptions {
  const { port = process.env.MOA_PORT, tls = false, copies = [] } = argumentsGiven();
  return { port: portWanted(port), tls, copies: parseCopies(copies) };
}

function argumentsGiven() {
  try {
    return parseArgs({ options: { port: { type: 'string' }, tls: { type: 'boolean' }, copies: { type: 'string', multiple: true } } })
      .values;
  } catch (error) {
    throw Object.assign(error as Error, { explained: `${(error as Error).message}\n${USAGE}` });
  }
}

function portWanted(text = String(DEFAULT_PORT)): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw Object.assign(new Error('no port'), { explained: `${text} is no port: npm start -- --port ${DEFAULT_PORT}` });
}

function greeting({ publicUrl, doorAuthority }: StackFacts): string {
  const { host } = new URL(publicUrl);
  const [grpcurl, buf] = doorAuthority ? [`-cacert ${doorAuthority}`, ` --cacert ${doorAuthority}`] : ['-plaintext', ''];
  return [
    ...(doorAuthority ? [`The door has TLS. Browsers and programs that are to trust it need ${doorAuthority}`, ''] : []),
    'Try:',
    `  grpcurl ${grpcurl} ${host} list`,
    `  npx buf curl${buf} --protocol grpcweb --schema packages/contracts/moa.binpb -d '{}' ${publicUrl}/moa.auth.v1.AuthService/GetJwks`,
    '  npm run demo',
    'Ctrl-C stops everything. In another terminal: npm run stack -- status | logs <name> | restart <name> | clock 14d | admin | mail | reset',
  ].join('\n');
}
