// The keys of access tokens as JSON (RFC 7517): for Envoy and for partners.
import { hash } from 'node:crypto';
import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Remote } from '@moa/kit';
import type { Handle } from './serve.js';

const KEPT_MS = 60_000;

interface Keys {
  readonly body: string;
  readonly etag: string;
}

/** The published keys: asked from auth once a minute, one question at a time. While auth is away the last answer stands. */
export function openKeys(
  auth: Pick<Remote<typeof AuthServiceDefinition>, 'getJwks'>,
  nowMs = () => performance.now(),
): () => Promise<Keys> {
  let keys: Keys | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<Keys> | undefined;

  return async () => {
    if (keys && nowMs() - askedAtMs < KEPT_MS) return keys;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking.catch((error) => {
      if (keys) return keys;
      throw error;
    });
  };

  async function ask(): Promise<Keys> {
    const answer = await auth.getJwks({});
    const body = JSON.stringify({ keys: answer.keys.map((key) => ({ ...key, use: 'sig' })) });
    keys = { body, etag: `"${hash('sha256', body, 'base64url')}"` };
    askedAtMs = nowMs();
    return keys;
  }
}

export const showKeys =
  (keys: () => Promise<Keys>): Handle =>
  async ({ headers }) => {
    const current = await keys().catch(() => undefined);
    if (!current) return { status: 503, headers: { 'retry-after': '1' } };
    const caching = { etag: current.etag, 'cache-control': `public, max-age=${KEPT_MS / 1000}` };
    if (headers['if-none-match'] === current.etag) return { status: 304, headers: caching };
    return { status: 200, headers: { 'content-type': 'application/json', ...caching }, body: current.body };
  };
