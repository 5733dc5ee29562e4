// The two ways to a service: through Envoy as everybody comes, and straight to its port over mutual TLS, as whoever got past Envoy would.
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { join } from 'node:path';
import type { Stack } from '@moa/stack';
import { type Answer, type CallOptions, callGrpc, callWeb, outcomeOf } from '@moa/testkit';

export type Door = 'Envoy' | 'service';

/** What is there when TLS did not let the caller in. */
export const NO_CONNECTION = 'no connection';

export interface StraightOptions extends CallOptions {
  /** Whose certificate is shown, by name or by its folder: Envoy's unless said otherwise, none for null. */
  readonly as?: string | null;
}

export interface Doors {
  /** gRPC at Envoy, and how it ended: "OK", "UNAUTHENTICATED TOKEN_MISSING", NO_CONNECTION. So do `web` and `straight`. */
  grpc(path: string, options?: CallOptions): Promise<string>;
  /** gRPC-Web at Envoy, over HTTP/1.1. */
  web(path: string, options?: CallOptions): Promise<string>;
  /** gRPC at the service that an RPC belongs to. */
  straight(service: string, path: string, options?: StraightOptions): Promise<string>;
  /** gRPC at Envoy, and all that came back. */
  answer(path: string, options?: CallOptions): Promise<Answer>;
  /** gRPC at a service, and all that came back. */
  answerStraight(service: string, path: string, options?: StraightOptions): Promise<Answer>;
  close(): void;
}

export function openDoors({ publicUrl, addresses, certificates }: Stack): Doors {
  const envoy = `127.0.0.1:${new URL(publicUrl).port}`;
  const sessions = new Map<string, ClientHttp2Session>();

  // One that broke off is replaced: some calls are meant to make the other side hang up.
  function sessionTo(url: string, as: string | null): ClientHttp2Session {
    const name = `${url} ${as}`;
    const open = sessions.get(name);
    if (open && !open.closed && !open.destroyed) return open;
    const session = connect(url, { ...(url.startsWith('https') && tlsAs(as)) }).on('error', () => {});
    sessions.set(name, session);
    return session;
  }

  function tlsAs(as: string | null) {
    const read = (owner: string, file: string) => readFileSync(join(owner.includes('/') ? owner : join(certificates, owner), file));
    const identity = as === null ? {} : { cert: read(as, 'cert.pem'), key: read(as, 'key.pem') };
    return { ca: read('envoy', 'ca.pem'), servername: 'localhost', ...identity };
  }

  const answer: Doors['answer'] = (path, options) => callGrpc(sessionTo(`http://${envoy}`, null), path, options);
  const answerStraight: Doors['answerStraight'] = (service, path, { as = 'envoy', ...options } = {}) =>
    callGrpc(sessionTo(`https://${addresses[service]!.grpc}`, as), path, options);

  return {
    answer,
    answerStraight,
    grpc: (path, options) => ending(answer(path, options)),
    web: (path, options) => ending(callWeb(envoy, path, options)),
    straight: (service, path, options) => ending(answerStraight(service, path, options)),
    close() {
      for (const session of sessions.values()) session.destroy();
    },
  };
}

// A connection that ends without an answer lets nobody in.
const ending = (answer: Promise<Answer>): Promise<string> =>
  answer.then(
    (given) => (Number.isNaN(given.httpStatus) ? NO_CONNECTION : outcomeOf(given)),
    () => NO_CONNECTION,
  );
