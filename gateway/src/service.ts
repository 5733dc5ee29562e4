import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { ProviderWebhookServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { certificatesIn, openHost, type Running } from '@moa/kit';
import type { GatewayConfig } from './config.js';
import { showFrontPage } from './http/front-page.js';
import { openKeys, showKeys } from './http/keys.js';
import { serveHttp } from './http/serve.js';
import { takeWebhook } from './http/webhooks.js';
import { publicContracts } from './reflection/public-contracts.js';
import { serveReflection } from './reflection/serve.js';

export interface RunningGateway extends Running {
  /** host:port of HTTP. */
  readonly httpAddress: string;
}

export async function startGateway(config: GatewayConfig): Promise<RunningGateway> {
  const host = await openHost('gateway', config);
  const auth = host.connect(AuthServiceDefinition, config.AUTH_ADDRESS);
  const payment = host.connect(ProviderWebhookServiceDefinition, config.PAYMENT_ADDRESS);

  serveReflection(host.server, publicContracts());
  const onTrouble = (error: unknown) => host.log.error({ err: error }, 'the certificates cannot be read; the old ones stay in use');
  const http = await serveHttp(config.HTTP_LISTEN, certificatesIn(config.CERTIFICATES, { onTrouble }), host.log, {
    'GET /': showFrontPage,
    'GET /healthz': async () => ({ status: 200, body: 'ok\n' }),
    'GET /.well-known/jwks.json': showKeys(openKeys(auth)),
    // One for each provider that payment may use; what comes from another than its own, payment refuses.
    'POST /webhooks/sandbox': takeWebhook(payment, 'provider-'),
    'POST /webhooks/toss': takeWebhook(payment, 'tosspayments-webhook-'),
  });
  host.onStop(http.close);
  return { ...(await host.listen()), httpAddress: http.address };
}
