// The whole house on one machine, as one handle: for npm start, the demo, the benchmarks and end-to-end tests.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '#setup/lock.mjs';
import { quiet } from '#setup/progress.mjs';
import { DOOR, ensureCertificates, renewCertificates } from './certificates.js';
import { clockOffsetMs, shiftClock } from './clock.js';
import { inDatabase } from './databases.js';
import type { Status } from './keeper.js';
import { endLeftovers, notedPid, noteProcess } from './leftovers.js';
import { labelled, openLogs } from './logs.js';
import {
  copiesOf,
  documentUrls,
  doorAuthority,
  mailboxUrl,
  mongoAdminUrl,
  natsAdminUrl,
  type Plan,
  planStack,
  postgresAdminUrl,
  publicUrl,
  redisAdminUrl,
  type StackOptions,
  sandboxUrl,
  withDatabase,
} from './plan.js';
import { prepareForeignServers } from './prepare.js';
import { findPrograms } from './programs.js';
import { FIRST_ADMIN_EMAIL, root } from './services.js';
import { supervise } from './supervisor.js';
import { unitsOf } from './units.js';

const factsFile = (folder: string): string => join(folder, 'stack.json');
const RENEW_EVERY_MS = 6 * 3_600_000;
/** The name that a stack itself has among its processes. */
export const STACK = 'stack';

/** Where everything of a running stack is. Kept in stack.json of its folder, for tools. */
export interface StackFacts {
  readonly folder: string;
  readonly publicUrl: string;
  /** The file with the authority that callers have to trust, where the door has TLS. */
  readonly doorAuthority?: string | undefined;
  readonly admin: { readonly email: string; readonly password: string; readonly totpSecret: string };
  readonly postgresAdminUrl: string;
  /** Each service's database, as the owner of all. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly redisAdminUrl: string;
  readonly mongoAdminUrl: string;
  /** Each service's documents, as who sees all. */
  readonly documentUrls: Readonly<Record<string, string>>;
  readonly natsAdminUrl: string;
  readonly natsMonitorUrl: string;
  readonly sandbox: { readonly url: string; readonly apiKey: string };
  /** Where mail is shown; absent when it goes to another server. */
  readonly mailbox?: { readonly url: string };
  readonly envoyAdminUrl: string;
  /** host:port of each process of ours: "funding", and "funding-2" where there are copies. */
  readonly addresses: Plan['addresses'];
  /** Holds a folder for each name: "envoy", each service, "stack". */
  readonly certificates: string;
  readonly clockFile: string;
}

export interface Stack extends StackFacts {
  /** Stops everything in order; what it kept stays. */
  stop(): Promise<void>;
  /** Ends everything at once. */
  killAll(): Promise<void>;
  /** All copies of a service, each once the one before is ready again; or one process by its own name. */
  restart(name: string): Promise<void>;
  /** SIGKILL. It is started again by itself: wait for `isUp`. */
  kill(name: string): Promise<void>;
  isUp(name: string): Promise<void>;
  status(): Status[];
  /** Makes new certificates for all processes now, which take them up by themselves within seconds. */
  renewCertificates(): Promise<void>;
  /** Moves the one clock; gives the new offset. */
  shiftClock(byMs: number): number;
  now(): Date;
}

/** The facts of the stack that runs from a folder, if one does. */
export function runningStack(folder = join(root, '.moa')): StackFacts | undefined {
  return notedPid(join(folder, 'run'), STACK) === undefined ? undefined : readFacts(folder);
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  quiet(options.quiet ?? false);
  const plan = await planStack(options);
  const run = join(plan.folder, 'run');
  const forget = await claim(plan.folder, run);
  try {
    const ended = await endLeftovers(run, STACK);
    if (ended.length > 0 && !plan.quiet) console.error(`  ended what an earlier stack had left: ${ended.join(', ')}`);
    const programs = await findPrograms();
    const names = [...plan.services.map(({ name }) => name), 'envoy', STACK, ...(plan.tls ? [DOOR] : [])];
    const renewByAge = () => ensureCertificates(plan.certificates, names);
    await renewByAge();
    await prepareForeignServers(plan);

    const print = (line: string) => plan.quiet || console.log(line);
    const logs = openLogs(join(plan.folder, 'logs'), print);
    const supervisor = supervise(unitsOf(plan, programs, logs), (name, message) => print(labelled(name, message)));
    await supervisor.startAll();
    const renewing = setInterval(() => void renewByAge().catch((error) => print(labelled(STACK, String(error)))), RENEW_EVERY_MS);
    const facts = factsOf(plan);
    writeFileSync(factsFile(plan.folder), `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
    const close = () => {
      clearInterval(renewing);
      rmSync(factsFile(plan.folder), { force: true });
      forget();
    };
    return {
      ...facts,
      async stop() {
        await supervisor.stopAll();
        close();
      },
      async killAll() {
        await supervisor.killAll();
        close();
      },
      async restart(name) {
        for (const copy of copiesOf(plan, name)) await supervisor.one(copy).restart();
      },
      kill: (name) => supervisor.one(name).kill(),
      isUp: (name) => supervisor.one(name).isUp(),
      status: supervisor.status,
      renewCertificates: () => renewCertificates(plan.certificates, names),
      shiftClock: (byMs) => shiftClock(plan.clockFile, byMs),
      now: () => new Date(Date.now() + clockOffsetMs(plan.clockFile)),
    };
  } catch (error) {
    forget();
    throw error;
  }
}

function readFacts(folder: string): StackFacts | undefined {
  try {
    return JSON.parse(readFileSync(factsFile(folder), 'utf8'));
  } catch {
    return undefined;
  }
}

// One stack for a folder: two would write into the same data.
async function claim(folder: string, run: string): Promise<() => void> {
  return withLock(join(folder, 'claim.lock'), async () => {
    const pid = notedPid(run, STACK);
    if (pid === undefined) return noteProcess(run, STACK, process.pid);
    throw Object.assign(new Error(`a stack runs as pid ${pid}`), { explained: alreadyRuns(folder, pid) });
  });
}

function alreadyRuns(folder: string, pid: number): string {
  const facts = readFacts(folder);
  const where = facts ? `It is at ${facts.publicUrl}.` : 'It is still starting.';
  return `Moa already runs from ${folder}, as pid ${pid}. ${where}\nSee "npm run stack -- status"; end it with Ctrl-C where it runs, or with "npm run stack -- stop".`;
}

function factsOf(plan: Plan): StackFacts {
  const adminUrl = postgresAdminUrl(plan);
  const mailbox = mailboxUrl(plan);
  return {
    folder: plan.folder,
    publicUrl: publicUrl(plan),
    doorAuthority: doorAuthority(plan),
    admin: {
      email: FIRST_ADMIN_EMAIL,
      password: plan.secrets.of('auth.first-admin-password'),
      totpSecret: plan.secrets.totpOf('auth.first-admin-totp'),
    },
    postgresAdminUrl: adminUrl,
    databaseUrls: Object.fromEntries(withDatabase(plan).map(({ name }) => [name, inDatabase(adminUrl, name)])),
    redisAdminUrl: redisAdminUrl(plan),
    mongoAdminUrl: mongoAdminUrl(plan),
    documentUrls: documentUrls(plan),
    natsAdminUrl: natsAdminUrl(plan),
    natsMonitorUrl: `http://127.0.0.1:${plan.natsMonitorPort}`,
    sandbox: { url: sandboxUrl(plan), apiKey: plan.secrets.of('provider.api-key') },
    ...(mailbox && { mailbox: { url: mailbox } }),
    envoyAdminUrl: `http://127.0.0.1:${plan.envoyAdminPort}`,
    addresses: plan.addresses,
    certificates: join(plan.certificates, 'current'),
    clockFile: plan.clockFile,
  };
}
