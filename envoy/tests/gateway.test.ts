// The real gateway behind the real Envoy, as people and their tools meet them.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listRpcs } from '@moa/contracts/descriptors';
import { startGateway } from '@moa/gateway';
import { variables } from '@moa/gateway/config';
import { readConfig } from '@moa/kit';
import { root } from '@moa/stack';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openEdge, pathWith } from './support/edge.js';
import { ISSUER } from './support/tokens.js';

const OK = 0;
const RECEIVE_WEBHOOK = '/moa.payment.v1.ProviderWebhookService/ReceiveWebhook';

const edge = await openEdge({
  async startGateway({ certificates, auth, payment }) {
    const environment = {
      LISTEN: '127.0.0.1:0',
      METRICS_LISTEN: '127.0.0.1:0',
      HTTP_LISTEN: '127.0.0.1:0',
      CERTIFICATES: certificates,
      ISSUER,
      AUTH_ADDRESS: auth,
      PAYMENT_ADDRESS: payment,
      LOG_LEVEL: 'silent',
      DRAIN_MS: '0',
    };
    const { address, httpAddress, stop } = await startGateway(readConfig(variables, environment));
    return { grpc: address, http: httpAddress, close: stop };
  },
});
test.after(() => edge.close());

const buf = async (protocol: string, args: readonly string[], path = '') => {
  const options = ['curl', '--protocol', protocol, '--http2-prior-knowledge', ...args, `http://${edge.address}${path}`];
  return (await promisify(execFile)(join(root, 'node_modules/.bin/buf'), options)).stdout.trim();
};

test('a tool that knows nothing lists what can be called, over gRPC and over gRPC-Web', async () => {
  const paths = listRpcs().flatMap(({ access, path }) => (access.$case === 'internal' ? [] : [path.slice(1)]));
  for (const protocol of ['grpc', 'grpcweb']) {
    const listed = await buf(protocol, ['--list-methods']);
    assert.equal(listed.split('\n').toSorted(), paths.toSorted());
  }
});

test('it calls, too', async () => {
  for (const protocol of ['grpc', 'grpcweb']) {
    const answer = JSON.parse(await buf(protocol, ['-d', '{}'], '/moa.auth.v1.AuthService/GetJwks'));
    assert.is(answer.keys[0].crv, 'Ed25519');
  }
});

test("Envoy knows auth's keys by way of the gateway", async () => {
  assert.is((await edge.grpc(pathWith('signedIn'), { token: await edge.token() })).code, OK);
});

test('a webhook of the provider reaches payment', async () => {
  const { httpStatus } = await edge.http('/webhooks/sandbox', {
    method: 'POST',
    body: Buffer.from('{}'),
    headers: { 'provider-signature': 'x' },
  });
  assert.is(httpStatus, 200);
  assert.is(edge.seen.at(-1)!.path, RECEIVE_WEBHOOK);
});

test('a person finds out what this is', async () => {
  assert.match((await edge.http('/')).body.toString(), /grpcurl/);
});

test.run();
