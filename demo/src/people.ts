// Somebody who uses Moa by its client, with an account of this run.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMoa, type Moa, MoaError, type SignInOptions } from '@moa/client/node';
import type { Role } from '@moa/contracts/options/v1/options';

// gRPC's codes.
const [CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED] = [1, 2, 4, 8, 13, 14, 16];
/** An app shows another code every 30 s; who guesses more often is slowed down. */
const NEXT_CODE_MS = 10_000;
const IN_PROGRESS = 'REQUEST_IN_PROGRESS';

/** How long somebody asks again who has had no answer, and after what. */
export interface Patience {
  readonly codes: ReadonlySet<number>;
  readonly tries: number;
  readonly pauseMs: number;
}

/** The machine may be busy: who is told to come again comes again. */
export const PATIENT: Patience = { codes: new Set([DEADLINE_EXCEEDED, UNAVAILABLE]), tries: 5, pauseMs: 0 };
/** Anything may be dead for a while. */
export const STUBBORN: Patience = {
  codes: new Set([CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE]),
  tries: 240,
  pauseMs: 250,
};

export interface Person {
  readonly email: string;
  readonly moa: Moa;
  readonly accountId: string;
  /** Starts a new session; what a person does who was away for weeks. Returns the roles. */
  signIn(): Promise<readonly Role[]>;
  /** Signs in with a code of an authenticator app from now on. */
  useApp(code: () => string): void;
}

/** Where everybody calls, whom to trust there, and how patient everybody is. */
export interface Door {
  readonly url: string;
  readonly rootCertificates: Buffer | undefined;
  readonly patience: Patience;
}

export async function signUp(door: Door, email: string, password: string): Promise<Person> {
  const person = newPerson(door, email, password);
  await person.moa.auth.signUp({ email, password });
  await person.signIn();
  return person;
}

/** `code` gives one of the authenticator app, for who has a second factor. */
export async function signInAs(door: Door, email: string, password: string, code?: () => string): Promise<Person> {
  const person = newPerson(door, email, password);
  if (code) person.useApp(code);
  await person.signIn();
  return person;
}

function newPerson({ url, patience, ...options }: Door, email: string, password: string): Person {
  const bare = connectMoa(url, options);
  let app: SignInOptions | undefined;
  let accountId = '';
  const signIn = async () => {
    const account = await again(() => bare.signIn(email, password, app), patience, isStaleCode);
    accountId = account.id;
    return account.roles;
  };
  return {
    email,
    moa: patient(bare, patience, signIn),
    get accountId() {
      return accountId;
    },
    signIn,
    useApp: (code) => {
      app = { code };
    },
  };
}

export const reasonOf = (error: unknown): string => (error instanceof MoaError ? error.reason : '');

/** A write under an etag has no request_id: one whose answer was lost is found done. */
export async function ownWrite(write: () => Promise<unknown>, isDone: () => Promise<boolean>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (reasonOf(error) !== 'ETAG_STALE' || !(await isDone())) throw error;
  }
}

const STREAMS = /^(stream|watch|verifyRoom|exportMessages)/;

type AnyCall = (request: object) => Promise<unknown>;

/** As a patient person would: an answer that did not come in time is asked for again, by the same request_id. */
function patient(moa: Moa, patience: Patience, signIn: () => Promise<unknown>): Moa {
  // Who was signed out meanwhile signs in.
  const comeBack = async (error: MoaError) => {
    if (error.code !== UNAUTHENTICATED || patience !== STUBBORN) return false;
    await signIn();
    return true;
  };
  const patientService = (service: object) =>
    new Proxy(service, {
      get(of, name) {
        const call = Reflect.get(of, name) as AnyCall;
        // A stream that goes on and on is opened again by the client itself; one that ends, by who reads it.
        if (STREAMS.test(String(name))) return call;
        return (request: object) => {
          const kept = { requestId: randomUUID(), ...request };
          return again(() => call(kept), patience, comeBack);
        };
      },
    });
  return new Proxy(moa, {
    get(of, name) {
      const part: unknown = Reflect.get(of, name);
      return typeof part === 'object' && name !== 'tokens' ? patientService(part as object) : part;
    },
  });
}

// A code is good once: one whose answer was lost is followed by the next.
async function isStaleCode({ reason }: MoaError): Promise<boolean> {
  if (reason !== 'CODE_REFUSED' && reason !== 'CODES_THROTTLED') return false;
  await sleep(NEXT_CODE_MS);
  return true;
}

async function again<T>(
  work: () => Promise<T>,
  { codes, tries, pauseMs }: Patience,
  mend: (error: MoaError) => Promise<boolean>,
): Promise<T> {
  for (let left = tries; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MoaError) || left <= 1) throw error;
      if (!codes.has(error.code) && error.reason !== IN_PROGRESS && !(pauseMs > 0 && (await mend(error)))) throw error;
      await sleep(error.retryAfterMs ?? pauseMs);
    }
  }
}
