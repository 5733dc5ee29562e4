// Somebody who uses Moa by its client, with an account of this run.

import { randomUUID } from 'node:crypto';
import { connectMoa, type Moa, MoaError, type SignInOptions } from '@moa/client/node';
import type { Role } from '@moa/contracts/options/v1/options';

const DEADLINE_EXCEEDED = 4;
const MOST_TRIES = 5;

export interface Person {
  readonly email: string;
  readonly moa: Moa;
  readonly accountId: string;
  /** Starts a new session; what a person does who was away for weeks. Returns the roles. */
  signIn(): Promise<readonly Role[]>;
}

/** Where everybody calls, and whom to trust there. */
export interface Door {
  readonly url: string;
  readonly rootCertificates: Buffer | undefined;
}

export async function signUp({ url, ...options }: Door, email: string, password: string): Promise<Person> {
  const moa = patient(connectMoa(url, options));
  await moa.auth.signUp({ email, password });
  return enter(moa, email, password);
}

/** `code` gives one of the authenticator app, for who has a second factor. */
export function signInAs({ url, ...options }: Door, email: string, password: string, code?: () => string): Promise<Person> {
  return enter(patient(connectMoa(url, options)), email, password, code && { code });
}

async function enter(moa: Moa, email: string, password: string, options?: SignInOptions): Promise<Person> {
  const { id: accountId } = await again(() => moa.signIn(email, password, options));
  return {
    email,
    moa,
    accountId,
    async signIn() {
      return (await again(() => moa.signIn(email, password, options))).roles;
    },
  };
}

export const reasonOf = (error: unknown): string => (error instanceof MoaError ? error.reason : '');

type AnyCall = (request: object) => Promise<unknown>;

/** As a patient person would: an answer that did not come in time is asked for again, by the same request_id. */
function patient(moa: Moa): Moa {
  const patientService = (service: object) =>
    new Proxy(service, {
      get(of, name) {
        const call = Reflect.get(of, name) as AnyCall;
        return (request: object) => {
          const kept = { requestId: randomUUID(), ...request };
          return again(() => call(kept));
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

async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MoaError) || error.code !== DEADLINE_EXCEEDED || tries === MOST_TRIES) throw error;
    }
  }
}
