// Loaded into every test file: tells on request what keeps the process alive.
import { Server, Socket } from 'node:net';

// Node has no documented way to the handles themselves, and their kinds alone do not lead to a line of code.
const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles: () => unknown[] };

process.on('SIGUSR2', () => {
  const sockets = handles().flatMap((handle) => {
    if (handle instanceof Server) return [`server on ${addressOf(handle.address())}`];
    if (handle instanceof Socket && handle.remotePort !== undefined) {
      return [`connection from port ${handle.localPort} to ${handle.remoteAddress}:${handle.remotePort}`];
    }
    return [];
  });
  const others = process.getActiveResourcesInfo().filter((kind) => !kind.startsWith('TCP') && !kind.startsWith('Pipe'));
  console.error(`Still open: ${[...sockets, ...others].join(', ')}`);
});

const addressOf = (address: ReturnType<Server['address']>) =>
  typeof address === 'object' && address !== null ? `port ${address.port}` : String(address);
