// Listens on 127.0.0.1, and answers a connection's commands one after the other.
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { Double, Int32 } from 'bson';
import { type Login, openLogin, type Users } from './auth.js';
import { run, type Server } from './commands.js';
import { Cursors } from './cursors.js';
import { Fault } from './fault.js';
import { lockFolder } from './lock.js';
import { Store } from './store.js';
import { type Doc, isDoc } from './values.js';
import { MAX_MESSAGE, messageReader, type Request, readRequest, writeReply } from './wire.js';

export interface MongoServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: string;
  /** One process at a time. */
  readonly dataFolder: string;
  /** By name: a password, and the one database that the user sees; without a database it sees all. No users: everybody may do everything. */
  readonly users?: Users;
  /** false: nothing is flushed to the disk before an answer. For tests: a killed process loses nothing even so, a power cut may. */
  readonly durable?: boolean;
  readonly cursorIdleMs?: number;
}

export interface MongoServer {
  readonly port: number;
  /** Cuts all connections, and closes the files. */
  stop(): Promise<void>;
}

// MongoDB 7.0: what the newest drivers ask for.
const MAX_WIRE_VERSION = 21;

export async function startMongoServer(options: MongoServerOptions): Promise<MongoServer> {
  const [host, port] = options.listen.split(':');
  if (host !== '127.0.0.1') throw new Error('the embedded server listens on 127.0.0.1 only');
  const lock = await lockFolder(options.dataFolder);
  const store = new Store(options.dataFolder, { durable: options.durable ?? true });
  const cursors = new Cursors(options.cursorIdleMs);
  const sockets = new Set<Socket>();
  const net = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, { store, cursors }, openLogin(options.users));
  });
  await listening(net, Number(port));
  return {
    port: (net.address() as { port: number }).port,
    async stop() {
      net.close();
      for (const socket of sockets) socket.destroy();
      cursors.stop();
      await store.close();
      await lock.release();
    },
  };
}

const listening = (net: NetServer, port: number) =>
  new Promise<void>((resolve, reject) => {
    net.once('error', reject);
    net.listen(port, '127.0.0.1', resolve);
  });

function serve(socket: Socket, server: Server, login: Login): void {
  let last = Promise.resolve();
  const read = messageReader((message) => {
    const request = readRequest(message);
    last = last.then(async () => {
      const body = await answer(server, request, login);
      if (!socket.destroyed) socket.write(writeReply(request, body));
    });
  });
  socket.on('data', (bytes) => {
    try {
      read(bytes);
    } catch {
      // What is no message cannot be answered.
      socket.destroy();
    }
  });
}

async function answer(server: Server, { body }: Request, login: Login): Promise<Doc> {
  try {
    const name = Object.keys(body)[0]!;
    const database = typeof body.$db === 'string' ? body.$db : 'admin';
    if (/^(hello|ismaster)$/i.test(name)) return { ...hello(), ...login.begin(body), ok: new Double(1) };
    if (name === 'saslStart' || name === 'saslContinue') return { ...login[name](body), ok: new Double(1) };
    login.admit(name, database);
    if (isDoc(body.txnNumber) || 'startTransaction' in body) throw new Fault('NotImplemented', 'transactions are not supported');
    return { ...(await run(server, { body, database })), ok: new Double(1) };
  } catch (error) {
    const fault = error instanceof Fault ? error : undefined;
    const message = fault?.message ?? `the embedded server failed: ${(error as Error).stack}`;
    const facts = (fault?.facts ?? {}) as Doc;
    return { ok: new Double(0), errmsg: message, code: new Int32(fault?.code ?? 8), codeName: fault?.codeName ?? 'UnknownError', ...facts };
  }
}

// Of a server that stands alone: drivers then neither send a write twice nor open sessions.
const hello = (): Doc => ({
  ismaster: true,
  isWritablePrimary: true,
  helloOk: true,
  maxBsonObjectSize: new Int32(16 * 1024 * 1024),
  maxMessageSizeBytes: new Int32(MAX_MESSAGE),
  maxWriteBatchSize: new Int32(100_000),
  localTime: new Date(),
  minWireVersion: new Int32(0),
  maxWireVersion: new Int32(MAX_WIRE_VERSION),
  readOnly: false,
});
