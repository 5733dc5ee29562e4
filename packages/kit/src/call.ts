// What a handler may know of its call.
import { hash } from 'node:crypto';
import type { Caller, Identified } from './caller.js';
import { fail } from './failure.js';
import type { Origin } from './origin.js';

export interface Call extends Origin {
  /** The person who calls. Throws TOKEN_MISSING on a public RPC that is called without a token. */
  readonly caller: Caller;
  /** The person who calls, if there is one. */
  readonly person: Caller | undefined;
  /** The person's token, for calls that are made on the person's behalf. */
  readonly token: string | undefined;
  /** The service that calls, as its certificate says: Envoy for people. */
  readonly service: string | undefined;
  /** The address that a person calls from, as Envoy saw it; undefined for a call that did not come through Envoy. */
  readonly address: string | undefined;
  /** What the caller's program calls itself: nothing to rely on. */
  readonly agent: string | undefined;
  /** When nobody waits for the answer any more, in milliseconds of the machine's clock. */
  readonly deadlineMs: number;
  /** Aborts when the caller has gone, or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Of this call, for support: in the log line and in every error. */
  readonly requestId: string;
  /** What makes a repeated request known: caller, RPC, request_id, and the hash of its body. Throws when the RPC takes no request_id. */
  readonly claim: { readonly caller: string; readonly method: string; readonly requestId: string; readonly hash: string };
}

interface Facts {
  readonly at: Date;
  readonly trace: string;
  readonly method: string;
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly peer: () => string | undefined;
  readonly header: (name: string) => string | undefined;
}

const ENVOY = 'envoy';

/** A call as the chain builds it up. What costs something is made when it is asked for: most handlers never need it. */
export class ServedCall implements Call {
  readonly at: Date;
  readonly trace: string;
  readonly requestId: string;
  readonly deadlineMs: number;
  identified: Identified | undefined;
  readonly #facts: Facts;
  #claimed: { readonly id: string; readonly bytes: () => Uint8Array } | undefined;
  #service: { readonly name: string | undefined } | undefined;
  #cancel: AbortController | undefined;
  #aborted = false;

  constructor(facts: Facts) {
    this.at = facts.at;
    this.trace = facts.trace;
    this.requestId = facts.requestId;
    this.deadlineMs = facts.deadlineMs;
    this.#facts = facts;
  }

  get person(): Caller | undefined {
    return this.identified?.caller;
  }

  get caller(): Caller {
    if (!this.identified) throw fail('TOKEN_MISSING');
    return this.identified.caller;
  }

  get token(): string | undefined {
    return this.identified?.token;
  }

  get service(): string | undefined {
    this.#service ??= { name: this.#facts.peer() };
    return this.#service.name;
  }

  // Anybody may send the header; only Envoy's is true.
  get address(): string | undefined {
    return this.service === ENVOY ? this.#facts.header('x-envoy-external-address') : undefined;
  }

  get agent(): string | undefined {
    return this.#facts.header('user-agent');
  }

  get signal(): AbortSignal {
    this.#cancel ??= new AbortController();
    if (this.#aborted) this.#cancel.abort();
    return this.#cancel.signal;
  }

  get claim(): Call['claim'] {
    if (!this.#claimed) throw new Error(`${this.#facts.method} takes no request_id`);
    const { id: requestId, bytes } = this.#claimed;
    // Without a person, requests are told apart by the service that sends them; Envoy sends those of all strangers, whose ids are random.
    const caller = this.person?.accountId ?? `service:${this.service}`;
    return { caller, method: this.#facts.method, requestId, hash: hash('sha256', bytes() as Buffer, 'hex') };
  }

  /** What makes the request known when it is repeated. */
  takeRequest({ requestId }: { readonly requestId?: string }, bytes: () => Uint8Array): void {
    if (!requestId) return;
    this.#claimed = { id: requestId, bytes };
    // Claimed by the service that sends it, which cannot be told any more once it has gone.
    if (!this.identified) this.#service ??= { name: this.#facts.peer() };
  }

  abort(): void {
    this.#aborted = true;
    this.#cancel?.abort();
  }
}
