import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { validateEnvoy } from '../src/index.js';
import { envoyProgram } from './support/edge.js';

const program = await envoyProgram();

test('Envoy has nothing against what is rendered of the contracts', async () => {
  assert.is(await validateEnvoy(program), '');
});

test('what Envoy has against a configuration is told', async () => {
  const problem = await validateEnvoy(program, {
    listen: '127.0.0.1:8080',
    adminListen: '127.0.0.1:9901',
    clusters: Object.fromEntries(
      ['auth', 'user', 'seller', 'funding', 'payment', 'purchase', 'coupon', 'chat', 'review'].map((domain) => [
        domain,
        ['127.0.0.1:50051'],
      ]),
    ),
    gateway: { grpc: ['127.0.0.1:50052'], http: ['127.0.0.1:50053'] },
    certificates: { folder: '/nowhere', watched: '/nowhere' },
    issuer: 'https://moa.test',
    allowedOrigins: ['https://moa.test'],
    rateFactor: -1,
  });
  assert.match(problem, /max_tokens|token_bucket/i);
});

test.run();
