// Moa from Node, over gRPC.
import type { ServiceDefinition } from '@moa/contracts/method';
import { ChannelCredentials, createChannel, createClientFactory } from 'nice-grpc';
import type { ClientMiddleware } from 'nice-grpc-common';
import { createMoa, type Moa, type MoaOptions } from './moa.js';

export { MoaError } from './error.js';
export type { Moa, MoaOptions, PartnerCredentials, SignInOptions } from './moa.js';
export { oauthCallbackOf } from './oauth.js';
export { pages } from './pages.js';

export interface NodeOptions extends MoaOptions {
  /** PEM of the authorities to trust at an https door, instead of those that Node knows. */
  readonly rootCertificates?: Buffer | undefined;
}

/**
 * Connects to Moa's door.
 *
 *     const moa = connectMoa('http://localhost:8080');
 *     await moa.signIn('someone@example.com', 'correct horse');
 *     const { pledge } = await moa.pledges.createPledge({ projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId });
 *
 * A partner's program calls in its own name:
 *
 *     const moa = connectMoa('http://localhost:8080', { partner: { clientId, clientSecret } });
 */
export function connectMoa(url: string, { rootCertificates, ...options }: NodeOptions = {}): Moa {
  const channel = createChannel(url, rootCertificates && ChannelCredentials.createSsl(rootCertificates));
  return createMoa(
    {
      create: <S extends ServiceDefinition>(definition: S, middleware: ClientMiddleware) =>
        createClientFactory()
          .use(middleware)
          .create(definition as never, channel) as never,
      close: () => channel.close(),
    },
    options,
  );
}
