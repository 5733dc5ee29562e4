// Ports for what is started in a moment. Below those that the system gives to outgoing connections, one of which might take a port before its
// server does; and each process looks in a block of its own, so that two who look at once do not find the same.
import { createServer } from 'node:net';

const FIRST = 10_000;
const LAST = 31_999;
const BLOCK = 64;

let next = FIRST + ((process.pid * BLOCK) % (LAST - FIRST));

/** A port of 127.0.0.1 that nothing uses now, and that this process was not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next;
    next = port === LAST ? FIRST : port + 1;
    if (await isFree(port)) return port;
  }
}

/** Different ports, all free. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
