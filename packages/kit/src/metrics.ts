// Prometheus metrics, on a port of their own.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { status } from '@grpc/grpc-js';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { Failure } from './failure.js';

const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry with the process's own figures in it, every name labelled with the service. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Counts and times calls by RPC and gRPC code: moa_rpc_seconds. */
export function callMetrics(registry: Registry): (rpc: string, error: unknown, durationMs: number) => void {
  const seconds = new Histogram({
    name: 'moa_rpc_seconds',
    help: 'Calls by RPC and code',
    labelNames: ['rpc', 'code'],
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  });
  const children = new Map<string, { observe(value: number): void }>();
  return (rpc, error, durationMs) => {
    const code = error === null ? status.OK : error instanceof Failure ? error.code : status.INTERNAL;
    const key = `${code}${rpc}`;
    const child = children.get(key) ?? seconds.labels({ rpc, code: status[code]! });
    children.set(key, child);
    child.observe(durationMs / 1000);
  };
}

/** Serves /metrics at host:port. */
export async function serveMetrics(registry: Registry, listen: string): Promise<{ address: string; close(): void }> {
  const server = createServer(async (request, response) => {
    if (request.url !== '/metrics') return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
  });
  const [host, port] = listen.split(':');
  server.listen(Number(port), host);
  await once(server, 'listening');
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
