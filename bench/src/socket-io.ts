// Socket.IO, the peer of the benchmark "chat-room": a room with as many readers.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { startServer } from './measure.js';

const PEER = fileURLToPath(new URL('../../peers/socket-io', import.meta.url));
// More at once than the server's backlog takes would only wait.
const CONNECTED_AT_ONCE = 100;

/** What is used of a client. */
interface Socket {
  on(event: string, heard: () => void): void;
  once(event: string, heard: () => void): void;
  emitWithAck(event: string, message: Buffer): Promise<void>;
  disconnect(): void;
}

type Connect = (address: string, options: object) => Socket;

export async function openSocketRoom(count: number) {
  if (!existsSync(`${PEER}/node_modules/socket.io`))
    execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund'], { cwd: PEER, stdio: 'inherit' });
  const { io } = createRequire(`${PEER}/package.json`)('socket.io-client') as { io: Connect };
  const server = await startServer(`file://${PEER}/server.mjs`, { NODE_ENV: 'production' });
  const sockets: Socket[] = [];
  let received = 0;
  while (sockets.length < count) {
    const more = Array.from({ length: Math.min(CONNECTED_AT_ONCE, count - sockets.length) }, () =>
      io(server.address, { transports: ['websocket'], forceNew: true, perMessageDeflate: false }),
    );
    for (const socket of more) socket.on('message', () => received++);
    await Promise.all(more.map((socket) => once(socket as never, 'connect')));
    sockets.push(...more);
  }
  return {
    pid: server.pid,
    readers: {
      get received() {
        return received;
      },
      ended: [],
    },
    publish: (message: Buffer) => sockets[0]!.emitWithAck('publish', message),
    async close() {
      for (const socket of sockets) socket.disconnect();
      await server.stop();
    },
  };
}
