// A gateway over mutual TLS, with keys of the bed's own and a payment that remembers what it was told.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, credentials, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ProviderWebhookServiceDefinition, type ReceiveWebhookRequest } from '@moa/contracts/payment/v1/payment_service';
import { type Call, openHost } from '@moa/kit';
import { openTestbed } from '@moa/testkit';
import type { Question, Reply } from '../src/reflection/answer.js';
import { startGateway } from '../src/service.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROTO = join(ROOT, 'gateway/proto');

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export async function openGateway() {
  const bed = await openTestbed('gateway');
  const webhooks: { request: ReceiveWebhookRequest; call: Call }[] = [];
  const told = { failWith: undefined as Error | undefined };
  const payment = await openHost('payment', await bed.config('payment'));
  payment.serve(ProviderWebhookServiceDefinition, {
    async receiveWebhook(received, call) {
      webhooks.push({ request: received, call });
      if (told.failWith) throw told.failWith;
      return {};
    },
  });
  const { address: paymentAddress, stop: stopPayment } = await payment.listen();
  const config = await bed.config('gateway');
  const gateway = await startGateway({
    ...config,
    AUTH_ADDRESS: config.AUTH_ADDRESS!,
    PAYMENT_ADDRESS: paymentAddress,
    HTTP_LISTEN: '127.0.0.1:0',
  });

  const files = (name: string) => {
    const read = (file: string) => readFileSync(join(bed.certificates(name), file));
    return { ca: read('ca.pem'), key: read('key.pem'), cert: read('cert.pem') };
  };

  return {
    bed,
    webhooks,
    /** What payment answers from now on. */
    told,
    stopPayment,
    /** An HTTPS request, as Envoy unless said otherwise. */
    http(
      method: string,
      path: string,
      { headers = {}, body, as = 'envoy' }: { headers?: OutgoingHttpHeaders; body?: string | Buffer; as?: string | null } = {},
    ) {
      return new Promise<HttpAnswer>((resolve, reject) => {
        const tls = as === null ? { ca: files('envoy').ca } : files(as);
        const [host, port] = gateway.httpAddress.split(':');
        request({ ...tls, host, port, servername: 'gateway', path, method, headers, agent: false }, async (response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() });
        })
          .on('error', reject)
          .end(body);
      });
    },
    /** Asks all questions in one conversation, and reads the answers. */
    reflect(version: string, questions: readonly Question[]): Promise<Reply[]> {
      const loaded = loadSync('grpc/reflection/v1/reflection.proto', { includeDirs: [PROTO], oneofs: true });
      const { ServerReflectionInfo: method } = loaded['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
      const { ca, key, cert } = files('envoy');
      const client = new Client(gateway.address, credentials.createSsl(ca, key, cert), { 'grpc.ssl_target_name_override': 'gateway' });
      return new Promise<Reply[]>((resolve, reject) => {
        const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
        const call = client.makeBidiStreamRequest(path, method!.requestSerialize, method!.responseDeserialize as (bytes: Buffer) => Reply);
        const replies: Reply[] = [];
        call.on('data', (reply: Reply) => replies.push(reply));
        call.on('error', reject);
        call.on('end', () => resolve(replies));
        for (const question of questions) call.write(question);
        call.end();
      }).finally(() => client.close());
    },
    /** `buf curl` with Envoy's certificate. */
    buf(args: readonly string[]) {
      const folder = bed.certificates('envoy');
      const tls = [
        '--cacert',
        join(folder, 'ca.pem'),
        '--cert',
        join(folder, 'cert.pem'),
        '--key',
        join(folder, 'key.pem'),
        '--servername',
        'gateway',
      ];
      return promisify(execFile)(join(ROOT, 'node_modules/.bin/buf'), [
        'curl',
        '--protocol',
        'grpc',
        ...tls,
        ...args,
        `https://${gateway.address}`,
      ]);
    },
    async close() {
      await gateway.stop();
      await stopPayment();
      await bed.close();
    },
  };
}
