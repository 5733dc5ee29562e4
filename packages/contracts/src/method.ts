// What a contract says of its methods, read from the generated definitions: works in Node and in browsers alike.
import { Access, Call, Event } from './moa/options/v1/options.js';

/** How ts-proto encodes and decodes a message. */
export interface MessageType<T> {
  readonly $type?: string;
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** A method as ts-proto describes it. */
// biome-ignore lint/suspicious/noExplicitAny: a method of whatever messages.
export interface MethodDefinition<Request = any, Response = any> {
  readonly name: string;
  readonly requestType: MessageType<Request>;
  readonly responseType: MessageType<Response>;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly options: { readonly _unknownFields?: { readonly [tag: number]: readonly Uint8Array[] } };
}

/** A service as ts-proto describes it: one definition serves servers, clients and browsers. */
export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: { readonly [method: string]: MethodDefinition };
}

export type RequestOf<M> = M extends { requestType: MessageType<infer T> } ? T : never;
export type ResponseOf<M> = M extends { responseType: MessageType<infer T> } ? T : never;

/** What a contract says of a method: who may call it, and how. */
export interface Policy {
  readonly access: NonNullable<Access['rule']>;
  /** 0: no limit (streams). */
  readonly timeoutMs: number;
  /** May be sent again when the outcome is unknown. */
  readonly repeatable: boolean;
  /** Calls a minute for each caller, and how many at once; `byAddress`: for each address, whoever calls. Absent: the edge's default. */
  readonly rate: { readonly perMinute: number; readonly burst: number; readonly byAddress: boolean } | undefined;
  /** How recent the sign-in must be. 0: any valid token. */
  readonly freshAuthMinutes: number;
}

export const ACCESS_FIELD = 50001;
export const CALL_FIELD = 50002;
export const EVENT_FIELD = 50003;

/** The path of a method on the wire. */
export const pathOf = (service: ServiceDefinition, method: MethodDefinition): string => `/${service.fullName}/${method.name}`;

/** Reads a method's policy. Throws when the contract does not say who may call it. */
export function policyOf(method: MethodDefinition): Policy {
  const parts = (field: number) => method.options._unknownFields?.[(field << 3) | LENGTH_DELIMITED] ?? [];
  return policyFrom(method.name, parts(ACCESS_FIELD), parts(CALL_FIELD));
}

/** Reads a policy from the bytes of its options. An option that is set field by field comes in several parts. */
export function policyFrom(name: string, accessParts: readonly Uint8Array[], callParts: readonly Uint8Array[]): Policy {
  const access = Access.decode(joined(accessParts)).rule;
  if (!access) throw new Error(`${name} has no access rule in its contract`);
  const call = Call.decode(joined(callParts));
  return {
    access,
    timeoutMs: call.timeoutMs,
    repeatable: call.repeatable,
    rate: call.rate && {
      perMinute: call.rate.perMinute,
      burst: call.rate.burst || call.rate.perMinute,
      byAddress: call.rate.byAddress,
    },
    freshAuthMinutes: call.freshAuthMinutes,
  };
}

/** Reads whose an event is from the bytes of its option. */
export const eventFrom = (parts: readonly Uint8Array[]): Event => Event.decode(joined(parts));

const LENGTH_DELIMITED = 2;

// Parts that are put end to end make one message. Each still has the varint of its length in front.
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bodies = parts.map((part) => part.subarray(part.findIndex((byte) => byte < 0x80) + 1));
  const whole = new Uint8Array(bodies.reduce((length, body) => length + body.length, 0));
  let offset = 0;
  for (const body of bodies) {
    whole.set(body, offset);
    offset += body.length;
  }
  return whole;
}
