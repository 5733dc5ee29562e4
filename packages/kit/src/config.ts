// Configuration: typed, from the environment, every problem told at once, and no secret ever printed.
import { inspect } from 'node:util';
import { z } from 'zod';

/** Keeps a value from being printed by accident. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** A variable that must not be printed. */
export const secret = (minLength = 1) =>
  z
    .string()
    .min(minLength)
    .transform((value) => new Secret(value));

/** "127.0.0.1:8080"; port 0 takes a free one. */
export const hostAndPort = () => z.string().regex(/^[^:,\s]+:\d{1,5}$/, 'must be host:port');

const ONE_OR_COPIES = /^([^:,\s]+:\d{1,5}|(\d{1,3}\.){3}\d{1,3}:\d{1,5}(,(\d{1,3}\.){3}\d{1,3}:\d{1,5})+)$/;

/** Where a callee is: host:port, or its copies by IP: "10.0.0.1:8080,10.0.0.2:8080". */
export const hostsAndPorts = () => z.string().regex(ONE_OR_COPIES, 'must be host:port, or several IP:port with commas between');

export class ConfigError extends Error {}

/**
 * Reads variables by their shape, or throws a ConfigError with a line for each that is missing or wrong (names only, never values).
 *
 *     const config = readConfig({ ...hostVariables, PAYMENT_ADDRESS: hostsAndPorts() }, process.env);
 */
export function readConfig<S extends z.ZodRawShape>(shape: S, env: NodeJS.ProcessEnv): z.infer<z.ZodObject<S>> {
  const result = z.object(shape).safeParse(env);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    ({ path, message }) => `  ${path.join('.')}: ${env[String(path[0])] === undefined ? 'is missing' : message}`,
  );
  throw new ConfigError(`The configuration is not usable:\n${lines.join('\n')}`);
}

const MS = z.coerce.number().int().min(0);

/** What every service is told. */
export const hostVariables = {
  /** Where gRPC is served. */
  LISTEN: hostAndPort(),
  /** Where Prometheus reads metrics: plain HTTP, on loopback or the cluster's own network. */
  METRICS_LISTEN: hostAndPort(),
  /** A folder with ca.pem, cert.pem and key.pem, or with ca.crt, tls.crt and tls.key; replaced in one step, and read again by itself. */
  CERTIFICATES: z.string().min(1),
  DATABASE_URL: secret().optional(),
  DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(100).default(10),
  /** Of a service that keeps documents. */
  MONGODB_URL: secret().optional(),
  NATS_URL: secret().optional(),
  /** Put in front of every subject and stream, so that several houses share a server. */
  NATS_PREFIX: z
    .string()
    .regex(/^[a-z0-9]*$/)
    .default(''),
  /** Who signs access tokens. */
  ISSUER: z.string().min(1),
  /** Where the keys of access tokens are asked for. */
  AUTH_ADDRESS: hostsAndPorts().optional(),
  /** The offset of the one clock. Refused in production. */
  CLOCK_FILE: z.string().min(1).optional(),
  NODE_ENV: z.string().default('development'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** How long a stopping service goes on answering after it said that it is not ready any more. */
  DRAIN_MS: MS.default(3_000),
  /** How much of its stream a service keeps, and how long. Publishing fails loudly when it is full. */
  STREAM_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1 << 20)
    .default(1 << 30),
  STREAM_MAX_AGE_DAYS: z.coerce.number().int().min(1).default(90),
};

export type HostConfig = z.infer<z.ZodObject<typeof hostVariables>>;
