// Where the story plays: Moa's door for everybody in it, and for the stagehands the clock, the databases and the provider's books.
import { readFileSync } from 'node:fs';
import type { BookEntry } from '@moa/sandbox-provider';
import { adminCode, appCode } from '@moa/stack';
import { type Db, MongoClient } from 'mongodb';
import pg from 'pg';
import { PATIENT, type Patience, type Person, reasonOf, signInAs, signUp } from './people.js';
import { whatIsLeftToDo } from './quiet.js';
import type { PlayableStack } from './stack.js';

const LOOK_AGAIN_MS = 50;
const PATIENCE_MS = 30_000;
/** Where things die and come back. */
const LONG_PATIENCE_MS = 120_000;
const BOOKS_PAGE = 1_000;

export interface ConsumerState {
  readonly name: string;
  readonly stream: string;
  readonly pending: number;
  readonly unacknowledged: number;
}

export interface Stage {
  /** In every address, so that the story can be told again on the same stack. */
  readonly runId: string;
  /** The services that have a database of tables. */
  readonly databases: readonly string[];
  /** The services that keep documents. */
  readonly documentStores: readonly string[];
  /** The projects of this run, once they are there. */
  projectIds: readonly string[];
  now(): Date;
  passTimeTo(time: Date): Promise<void>;
  signUp(name: string): Promise<Person>;
  admin(): Promise<Person>;
  /** What an authenticator app with this secret shows now. */
  appCode(secret: string): string;
  /** What the newest mail to an address has in its last line: the token that proves it. */
  mailedToken(address: string): Promise<string>;
  sql<Row>(service: string, text: string, values?: readonly unknown[]): Promise<Row[]>;
  documents(service: string): Db;
  books(): Promise<BookEntry[]>;
  pendingWebhooks(): Promise<number>;
  consumers(): Promise<ConsumerState[]>;
  /** Messages in all streams. */
  messages(): Promise<number>;
  /** Calls again while a refusal with this reason may be gone in a moment. */
  whileRefused<T>(reason: string, work: () => Promise<T>): Promise<T>;
  until(what: string, condition: () => Promise<boolean>): Promise<void>;
  /** Until everything that is due at this hour has been done and told. */
  untilQuiet(): Promise<void>;
  close(): Promise<void>;
}

interface JetStreamReport {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly state: { readonly messages: number };
      readonly consumer_detail?: readonly { readonly name: string; readonly num_pending: number; readonly num_ack_pending: number }[];
    }[];
  }[];
}

export function openStage(stack: PlayableStack, patience: Patience = PATIENT): Stage {
  const patienceMs = patience === PATIENT ? PATIENCE_MS : LONG_PATIENCE_MS;
  const runId = Date.now().toString(36);
  const { publicUrl: url, doorAuthority } = stack;
  const door = { url, rootCertificates: doorAuthority === undefined ? undefined : readFileSync(doorAuthority), patience };
  const pools = new Map(
    Object.entries(stack.databaseUrls).map(([service, connectionString]) => [service, new pg.Pool({ connectionString, max: 2 })]),
  );
  // A connection that is lost while it idles is replaced.
  for (const pool of pools.values()) pool.on('error', () => {});
  const documents = new Map(Object.entries(stack.documentUrls).map(([service, url]) => [service, new MongoClient(url)]));
  const people: Person[] = [];
  const keep = (person: Person) => {
    people.push(person);
    return person;
  };

  async function askProvider<T>(path: string): Promise<T> {
    const response = await fetch(stack.sandbox.url + path, { headers: { authorization: `Bearer ${stack.sandbox.apiKey}` } });
    if (!response.ok) throw new Error(`the provider answers ${response.status} to ${path}`);
    return (await response.json()) as T;
  }

  async function streams() {
    const response = await fetch(`${stack.natsMonitorUrl}/jsz?streams=true&consumers=true`);
    const report = (await response.json()) as JetStreamReport;
    return (report.account_details ?? []).flatMap((account) => account.stream_detail ?? []);
  }

  const stage: Stage = {
    runId,
    databases: [...pools.keys()],
    documentStores: [...documents.keys()],
    projectIds: [],
    now: stack.now,
    async passTimeTo(time) {
      const ms = time.getTime() - stack.now().getTime();
      if (ms > 0) stack.shiftClock(ms);
    },
    signUp: async (name) => keep(await signUp(door, `${name}.${runId}@demo.moa.example`, `${runId} ${name} 비밀번호`)),
    admin: async () => keep(await signInAs(door, stack.admin.email, stack.admin.password, () => adminCode(stack))),
    appCode: (secret) => appCode(stack, secret),
    async mailedToken(address) {
      if (!stack.mailbox) throw new Error('mail goes to the server of MOA_SMTP_URL, where nobody of the story reads it');
      const response = await fetch(`${stack.mailbox.url}/messages?to=${encodeURIComponent(address)}`);
      const { messages } = (await response.json()) as { readonly messages: readonly { readonly text: string }[] };
      return messages[0]?.text.trimEnd().split('\n').at(-1) ?? '';
    },
    async sql<Row>(service: string, text: string, values: readonly unknown[] = []) {
      const pool = pools.get(service);
      if (!pool) throw new Error(`${service} has no database`);
      return (await pool.query(text, [...values])).rows as Row[];
    },
    documents(service) {
      const client = documents.get(service);
      if (!client) throw new Error(`${service} keeps no documents`);
      return client.db();
    },
    async books() {
      const entries: BookEntry[] = [];
      for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
        const page: { entries: BookEntry[]; nextCursor?: string } = await askProvider(`/v1/books?after=${cursor}&limit=${BOOKS_PAGE}`);
        entries.push(...page.entries);
        cursor = page.nextCursor;
      }
      return entries;
    },
    pendingWebhooks: async () => (await askProvider<{ pendingWebhooks: number }>('/v1/books/totals')).pendingWebhooks,
    consumers: async () =>
      (await streams()).flatMap((stream) =>
        (stream.consumer_detail ?? []).map(({ name, num_pending, num_ack_pending }) => ({
          name,
          stream: stream.name,
          pending: num_pending,
          unacknowledged: num_ack_pending,
        })),
      ),
    messages: async () => (await streams()).reduce((sum, { state }) => sum + state.messages, 0),
    async whileRefused(reason, work) {
      const deadline = Date.now() + patienceMs;
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (reasonOf(error) !== reason || Date.now() > deadline) throw error;
          await pause();
        }
      }
    },
    async until(what, condition) {
      const deadline = Date.now() + patienceMs;
      let failure: unknown;
      const holds = () =>
        condition().catch((error) => {
          failure = error;
          return false;
        });
      while (!(await holds())) {
        if (Date.now() > deadline) throw new Error(`waited ${patienceMs / 1000} s, and not yet: ${what}`, { cause: failure });
        await pause();
      }
    },
    async untilQuiet() {
      let left: readonly string[] = [];
      const deadline = Date.now() + patienceMs;
      do {
        if (Date.now() > deadline) throw new Error(`waited ${patienceMs / 1000} s, and still there is: ${left.join(', ')}`);
        await pause();
        left = await whatIsLeftToDo(stage).catch((error: Error) => [`no answer: ${error.message}`]);
      } while (left.length > 0);
    },
    async close() {
      for (const { moa } of people) moa.close();
      await Promise.all([...pools.values()].map((pool) => pool.end()));
      await Promise.all([...documents.values()].map((client) => client.close()));
    },
  };
  return stage;
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
