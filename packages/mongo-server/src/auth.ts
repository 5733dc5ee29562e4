// Who may do what: SCRAM-SHA-256 (RFC 5802, RFC 7677), and for each user one database.
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Binary, Int32 } from 'bson';
import { Fault } from './fault.js';
import { type Doc, isDoc, type Value } from './values.js';

export interface User {
  readonly password: string;
  /** All when it is not said. */
  readonly database?: string;
}

export type Users = Readonly<Record<string, User>>;

/** What a connection knows of who is at its other end. */
export interface Login {
  /** A client may begin to prove itself with its first message. */
  begin(hello: Doc): Doc;
  saslStart(body: Doc): Doc;
  saslContinue(body: Doc): Doc;
  /** Throws unless this connection may do it. */
  admit(command: string, database: string): void;
}

const ITERATIONS = 15_000;
const KEY_BYTES = 32;
const OPEN_TO_ALL = new Set(['ping', 'buildInfo', 'buildinfo', 'endSessions']);

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const refused = () => new Fault('AuthenticationFailed', 'Authentication failed.');

export function openLogin(users: Users | undefined): Login {
  let user: User | undefined;
  let begun:
    | { readonly user: User | undefined; readonly first: string; readonly server: string; readonly salt: Buffer; readonly nonce: string }
    | undefined;
  let proven: { readonly signature: string; isEnded: boolean } | undefined;

  const login: Login = {
    begin: ({ speculativeAuthenticate: attempt }) => (isDoc(attempt) && users ? { speculativeAuthenticate: login.saslStart(attempt) } : {}),
    saslStart({ mechanism, payload }) {
      if (mechanism !== 'SCRAM-SHA-256') throw new Fault('AuthenticationFailed', 'only SCRAM-SHA-256 is known');
      const text = textOf(payload);
      const first = text.slice(text.indexOf('n='));
      const { n = '', r = '' } = fieldsOf(first);
      const salt = randomBytes(28);
      const nonce = r + randomBytes(18).toString('base64');
      const server = `r=${nonce},s=${salt.toString('base64')},i=${ITERATIONS}`;
      begun = { user: users?.[n.replaceAll('=2C', ',').replaceAll('=3D', '=')], first, server, salt, nonce };
      return step(server, false);
    },
    saslContinue({ payload }) {
      if (proven) return step('', true);
      if (!begun) throw refused();
      const text = textOf(payload);
      const { r, p = '' } = fieldsOf(text);
      const salted = pbkdf2Sync(begun.user?.password ?? randomBytes(16).toString('hex'), begun.salt, ITERATIONS, KEY_BYTES, 'sha256');
      const clientKey = hmac(salted, 'Client Key');
      const whole = `${begun.first},${begun.server},${text.slice(0, text.indexOf(',p='))}`;
      const expected = hmac(sha(clientKey), whole).map((byte, at) => byte ^ clientKey[at]!);
      const given = Buffer.from(p, 'base64');
      if (!begun.user || r !== begun.nonce || given.length !== KEY_BYTES || !timingSafeEqual(given, expected)) throw refused();
      user = begun.user;
      proven = { signature: hmac(hmac(salted, 'Server Key'), whole).toString('base64'), isEnded: false };
      return step(`v=${proven.signature}`, true);
    },
    admit(command, database) {
      if (!users || OPEN_TO_ALL.has(command)) return;
      if (!user) throw new Fault('Unauthorized', `Command ${command} requires authentication`);
      if (user.database !== undefined && (user.database !== database || command === 'listDatabases'))
        throw new Fault('Unauthorized', `not authorized on ${database} to execute command ${command}`);
    },
  };
  return login;
}

const step = (payload: string, done: boolean): Doc => ({ conversationId: new Int32(1), done, payload: new Binary(Buffer.from(payload)) });

const textOf = (payload: Value): string => {
  if (!(payload instanceof Binary)) throw refused();
  return Buffer.from(payload.value()).toString();
};

const fieldsOf = (text: string): Record<string, string | undefined> =>
  Object.fromEntries(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
