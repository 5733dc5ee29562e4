// Somebody who uses Moa by its client, with an account of this run.

import { connectMoa, type Moa, MoaError } from '@moa/client/node';
import type { Role } from '@moa/contracts/options/v1/options';

export interface Person {
  readonly email: string;
  readonly moa: Moa;
  readonly accountId: string;
  /** Starts a new session; what a person does who was away for weeks. Returns the roles. */
  signIn(): Promise<readonly Role[]>;
}

export async function signUp(url: string, email: string, password: string): Promise<Person> {
  const moa = connectMoa(url);
  await moa.auth.signUp({ email, password });
  return enter(moa, email, password);
}

export function signInAs(url: string, email: string, password: string): Promise<Person> {
  return enter(connectMoa(url), email, password);
}

async function enter(moa: Moa, email: string, password: string): Promise<Person> {
  const { id: accountId } = await moa.signIn(email, password);
  return {
    email,
    moa,
    accountId,
    async signIn() {
      return (await moa.signIn(email, password)).roles;
    },
  };
}

export const reasonOf = (error: unknown): string => (error instanceof MoaError ? error.reason : '');
