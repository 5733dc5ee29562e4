// Calls at the door over gRPC-Web, one try each, from any of this machine's addresses: limits by address count them apart.
import { Agent, type IncomingMessage, request } from 'node:http';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { type MethodDefinition, pathOf, type RequestOf, type ResponseOf, type ServiceDefinition } from '@moa/contracts/method';
import { fromGrpcError } from '@moa/kit';

export interface CallOptions {
  readonly token?: string;
  /** Of the caller: one of 127.0.0.0/8. */
  readonly from?: string;
}

export interface Door {
  /** Throws a Failure with the reason of a refusal. Never tries again. */
  call<S extends ServiceDefinition, M extends keyof S['methods'] & string>(
    service: S,
    method: M,
    message: RequestOf<S['methods'][M]>,
    options?: CallOptions,
  ): Promise<ResponseOf<S['methods'][M]>>;
  close(): void;
}

// A frame of gRPC-Web is a flag, the length and the bytes; the last one holds the trailers.
const PREFIX_BYTES = 5;
const TRAILERS = 0x80;
const ADDRESSES_OF_A_BLOCK = 256;

/** The n-th address of this machine. */
export const addressOf = (n: number): string => `127.0.${1 + Math.floor(n / ADDRESSES_OF_A_BLOCK)}.${n % ADDRESSES_OF_A_BLOCK}`;

export function openDoor(url: string): Door {
  const { port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  return {
    async call(service, name, message, { token, from = '127.0.0.1' } = {}) {
      const method = service.methods[name]!;
      const headers = {
        'content-type': 'application/grpc-web+proto',
        'x-grpc-web': '1',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      };
      const target = { host: '127.0.0.1', port, path: pathOf(service, method), method: 'POST', agent, headers, localAddress: from };
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request(target, resolve)
          .on('error', reject)
          .end(frame(method.requestType.encode(message).finish()));
      });
      return read(method, response.headers, Buffer.concat(await response.toArray()));
    },
    close: () => agent.destroy(),
  };
}

function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

// What Envoy answers by itself comes as headers.
function read(method: MethodDefinition, headers: IncomingMessage['headers'], body: Buffer) {
  const told = new Map<string, string>(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  let message: Uint8Array = new Uint8Array();
  for (let at = 0; at < body.length; ) {
    const end = at + PREFIX_BYTES + body.readUInt32BE(at + 1);
    const content = body.subarray(at + PREFIX_BYTES, end);
    if (body[at] === TRAILERS)
      for (const [, name, value] of content.toString('latin1').matchAll(/([^:\r\n]+): ?(.*)/g)) told.set(name!, value!);
    else message = content;
    at = end;
  }
  const code = Number(told.get('grpc-status') ?? Number.NaN);
  if (code === 0) return method.responseType.decode(message);
  const metadata = new Metadata();
  const details = told.get('grpc-status-details-bin');
  if (details !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(details, 'base64'));
  const text = told.get('grpc-message') ?? '';
  throw fromGrpcError(Object.assign(new Error(`gRPC ${code} ${text}`), { code, details: text, metadata }) as ServiceError);
}
