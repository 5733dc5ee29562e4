// HTTPS for Envoy only: mutual TLS like every connection between processes, a handful of exact routes, and a log line for each request.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Certificates, Host } from '@moa/kit';
import type { CertificateSet } from '@moa/kit/certificate-set';

const CALLER = 'URI:spiffe://moa/envoy';
const REQUEST_WITHIN_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Handle = (request: IncomingMessage) => Promise<Answer>;

/** Handlers by "GET /path". */
export type Routes = Readonly<Record<string, Handle>>;

export async function serveHttp(listen: string, certificates: Certificates, log: Host['log'], routes: Routes) {
  const context = contextOf(await certificates.read());
  const limits = { requestCert: true, rejectUnauthorized: true, requestTimeout: REQUEST_WITHIN_MS };
  const server = createServer({ ...context, ...limits }, (request, response) => void answer(request, response));
  const unwatch = certificates.watch((set) => server.setSecureContext(contextOf(set)));

  const [host, port] = [listen.slice(0, listen.lastIndexOf(':')), Number(listen.slice(listen.lastIndexOf(':') + 1))];
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return { address: `${host}:${(server.address() as AddressInfo).port}`, close };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    const route = `${request.method} ${request.url?.split('?')[0]}`;
    const handle = isEnvoy(request) ? (routes[route] ?? notThere) : refuse;
    const {
      status,
      headers,
      body = '',
    } = await handle(request).catch((error: unknown): Answer => {
      log.error({ err: error, route }, 'unforeseen');
      return { status: 500 };
    });
    response
      .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body), ...headers })
      .end(body);
    // What is left of a body that was not read is read past, for the connection's sake.
    if (!request.complete) request.resume();
    const durationMs = Math.round(performance.now() - startedMs);
    if (route !== 'GET /healthz')
      log.info({ route: route in routes ? route : 'none', status, durationMs, requestId: request.headers['x-request-id'] }, 'http');
  }

  function close(): Promise<void> {
    unwatch();
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
  }
}

const contextOf = ({ caCertificate, certificate, privateKey }: CertificateSet) =>
  ({ ca: caCertificate, cert: certificate, key: privateKey, minVersion: 'TLSv1.3' }) as const;

const notThere: Handle = async () => ({ status: 404 });
const refuse: Handle = async () => ({ status: 403 });

const isEnvoy = ({ socket }: IncomingMessage) => (socket as TLSSocket).getPeerCertificate().subjectaltname?.split(', ').includes(CALLER);
