// The house's own signing key, taken from auth's database with auth's secret: a test signs with it what auth never would.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, unseal } from '@moa/kit';
import { type Stack, withClient } from '@moa/stack';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** As it is published. */
  readonly jwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
}

export async function takeSigningKey({ folder, databaseUrls }: Stack): Promise<SigningKey> {
  const secrets = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8'));
  const { rows } = await withClient(databaseUrls['auth']!, (client) =>
    client.query<{ kid: string; public_key: string; sealed_private_key: Buffer }>(
      'SELECT kid, public_key, sealed_private_key FROM signing_key',
    ),
  );
  const { kid, public_key: x, sealed_private_key: sealed } = rows[0]!;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  const d = unseal(new Secret(secrets['auth.key-encryption-key']), sealed, `signing-key:${kid}`);
  return { kid, jwk, privateKey: createPrivateKey({ format: 'jwk', key: { ...jwk, d } }) };
}
