// Moa from a browser, over gRPC-Web: the same calls as from Node.
import type { ServiceDefinition } from '@moa/contracts/method';
import type { ClientMiddleware } from 'nice-grpc-common';
import { createChannel, createClientFactory } from 'nice-grpc-web';
import { createMoa, type Moa, type MoaOptions } from './moa.js';

export { MoaError } from './error.js';
export type { Moa, MoaOptions, SignInOptions } from './moa.js';
export { oauthCallbackOf } from './oauth.js';
export { pages } from './pages.js';

/** Connects to Moa's door: see connectMoa of @moa/client/node. A partner's secret does not belong into a browser. */
export function connectMoa(url: string, options: Omit<MoaOptions, 'partner'> = {}): Moa {
  const channel = createChannel(url);
  return createMoa(
    {
      create: <S extends ServiceDefinition>(definition: S, middleware: ClientMiddleware) =>
        createClientFactory()
          .use(middleware)
          .create(definition as never, channel) as never,
      close: () => {},
    },
    options,
  );
}
