// Moa from Node, over gRPC.
import type { ServiceDefinition } from '@moa/contracts/method';
import { createChannel, createClientFactory } from 'nice-grpc';
import type { ClientMiddleware } from 'nice-grpc-common';
import { createMoa, type Moa, type MoaOptions } from './moa.js';

export { MoaError } from './error.js';
export type { Moa, MoaOptions, SignInOptions } from './moa.js';
export { pages } from './pages.js';

/**
 * Connects to Moa's door.
 *
 *     const moa = connectMoa('http://localhost:8080');
 *     await moa.signIn('someone@example.com', 'correct horse');
 *     const { pledge } = await moa.pledges.createPledge({ projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId });
 */
export function connectMoa(url: string, options: MoaOptions = {}): Moa {
  const channel = createChannel(url);
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
