// What is up, and where.
import type { Stack } from './stack.js';

export interface Row {
  readonly name: string;
  readonly state: string;
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly where: string;
}

export function rowsOf(stack: Stack): Row[] {
  const port = (url: string) => `127.0.0.1:${new URL(url).port}`;
  const places: Record<string, string> = {
    envoy: `${stack.publicUrl}, admin ${stack.envoyAdminUrl}`,
    postgres: port(stack.postgresAdminUrl),
    redis: port(stack.redisAdminUrl),
    mongo: port(stack.mongoAdminUrl),
    nats: `${port(stack.natsAdminUrl)}, monitor ${stack.natsMonitorUrl}`,
    sandbox: stack.sandbox.url,
    mailbox: stack.mailbox?.url ?? '',
  };
  return stack.status().map(({ name, state, pid, restarts }) => {
    const address = stack.addresses[name];
    return {
      name,
      state,
      pid,
      restarts,
      where: address ? `${address.grpc} (mutual TLS), metrics http://${address.metrics}/metrics` : (places[name] ?? ''),
    };
  });
}

export function formatRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows
    .map(({ name, state, pid, restarts, where }) => {
      const again = restarts > 0 ? `, started again ${restarts} times` : '';
      return `  ${name.padEnd(width)} ${state.padEnd(8)} ${String(pid ?? '').padEnd(8)} ${where}${again}`;
    })
    .join('\n');
}

export const table = (stack: Stack): string => formatRows(rowsOf(stack));
