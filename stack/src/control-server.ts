// How other commands reach a stack that runs: HTTP on loopback, with a password that is in a file of its folder.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Stack } from './stack.js';
import { rowsOf } from './table.js';

interface Door {
  readonly url: string;
  readonly password: string;
}

const doorFile = (folder: string): string => join(folder, 'control.json');

export async function serveControl(stack: Stack, leave: () => Promise<void>): Promise<{ close(): Promise<void> }> {
  const password = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    answer(request).then(
      ({ code, body }) => response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error) =>
        response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: error.explained ?? error.message })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  writeFileSync(doorFile(stack.folder), JSON.stringify({ url, password } satisfies Door), { mode: 0o600 });
  return {
    close: () => {
      rmSync(doorFile(stack.folder), { force: true });
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };

  async function answer(request: IncomingMessage): Promise<{ code: number; body: unknown }> {
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${password}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return { code: 401, body: { error: 'not allowed' } };
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const name = searchParams.get('name') ?? '';
    switch (pathname) {
      case '/status':
        return { code: 200, body: { rows: rowsOf(stack), time: stack.now() } };
      case '/restart':
        await stack.restart(name);
        return { code: 200, body: {} };
      case '/kill':
        await stack.kill(name);
        return { code: 200, body: {} };
      case '/certificates':
        await stack.renewCertificates();
        return { code: 200, body: {} };
      case '/clock':
        stack.shiftClock(Number(searchParams.get('byMs')));
        return { code: 200, body: { time: stack.now() } };
      case '/stop':
        // After the answer, or nobody would hear it.
        setImmediate(() => void leave());
        return { code: 200, body: {} };
      default:
        return { code: 404, body: { error: `nothing at ${pathname}` } };
    }
  }
}

/** Asks the stack that runs from a folder. Undefined when none runs. */
export async function askStack<T>(folder: string, path: string): Promise<T | undefined> {
  let door: Door;
  try {
    door = JSON.parse(readFileSync(doorFile(folder), 'utf8'));
  } catch {
    return undefined;
  }
  const response = await fetch(`${door.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${door.password}` } }).catch(
    () => undefined,
  );
  if (!response) return undefined;
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw Object.assign(new Error(body.error), { explained: body.error });
  return body;
}
