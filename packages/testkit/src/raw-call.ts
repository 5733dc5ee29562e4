// Calls as bytes on the wire: whatever header, path or body a test wants to try.
import { type OutgoingHttpHeaders, request } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '@moa/contracts/google/rpc/error_details';
import { Status } from '@moa/contracts/google/rpc/status';

/** What came back to a call of raw bytes. */
export interface Answer {
  readonly httpStatus: number;
  /** Of gRPC; undefined when there was none. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly mayRetry: boolean;
  /** What RetryInfo says; undefined where there is none. */
  readonly retryAfterS: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface CallOptions {
  readonly headers?: OutgoingHttpHeaders;
  readonly token?: string;
  readonly method?: string;
  readonly body?: Buffer;
}

const FRAME_BYTES = 5;
/** An empty message, framed. */
const EMPTY_MESSAGE = Buffer.alloc(FRAME_BYTES);

/** A message of this many bytes, framed. */
export function messageOf(bytes: number): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES + bytes);
  frame.writeUInt32BE(bytes, 1);
  return frame;
}

/** Bytes as one message, framed. */
export function framed(message: Uint8Array): Buffer {
  const frame = messageOf(message.length);
  frame.set(message, FRAME_BYTES);
  return frame;
}

/** How a call ended, in a word or two: "OK", "PERMISSION_DENIED CALLER_NOT_ALLOWED", and "HTTP 404" where gRPC did not come to it. */
export const outcomeOf = ({ httpStatus, code, reason }: Answer): string =>
  code === undefined ? `HTTP ${httpStatus}` : [status[code], reason ?? []].flat().join(' ');

/** gRPC over HTTP/2: on a connection of its own to host:port, or on one that is there. */
export function callGrpc(
  to: string | ClientHttp2Session,
  path: string,
  { headers, token, method = 'POST', body = EMPTY_MESSAGE }: CallOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = typeof to === 'string' ? connect(`http://${to}`).on('error', reject) : to;
    const stream = session.request({
      ':method': method,
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...bearer(token),
      ...headers,
    });
    const chunks: Buffer[] = [];
    let answered: Record<string, unknown> = {};
    stream
      .on('response', (received) => {
        answered = { ...answered, ...received };
      })
      .on('trailers', (received) => {
        answered = { ...answered, ...received };
      })
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('error', reject)
      .on('close', () => {
        if (session !== to) session.destroy();
        resolve(answerFrom(Number(answered[':status']), answered as Answer['headers'], Buffer.concat(chunks)));
      });
    if (body.length > 0) stream.end(body);
    else stream.end();
  });
}

/** gRPC-Web as a browser sends it, over HTTP/1.1. */
export const callWeb = (address: string, path: string, options: CallOptions = {}): Promise<Answer> =>
  callHttp(address, path, {
    method: 'POST',
    body: EMPTY_MESSAGE,
    ...options,
    headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', ...options.headers },
  });

/** Plain HTTP/1.1. */
export function callHttp(address: string, path: string, { headers, token, method = 'GET', body }: CallOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(':');
    request({ host, port, path, method, agent: false, headers: { ...bearer(token), ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('error', reject)
        .on('end', () => {
          const whole = Buffer.concat(chunks);
          resolve(answerFrom(response.statusCode!, { ...response.headers, ...webTrailers(whole) }, whole));
        });
    })
      .on('error', reject)
      .end(body);
  });
}

const bearer = (token: string | undefined) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

function answerFrom(httpStatus: number, headers: Answer['headers'], body: Buffer): Answer {
  const code = headers['grpc-status'];
  const bytes = headers['grpc-status-details-bin'];
  const details = bytes === undefined ? [] : Status.decode(Buffer.from(String(bytes), 'base64')).details;
  const info = details.find(({ typeUrl }) => typeUrl.endsWith('ErrorInfo'));
  const retry = details.find(({ typeUrl }) => typeUrl.endsWith('RetryInfo'));
  return {
    httpStatus,
    code: code === undefined ? undefined : Number(code),
    reason: info && ErrorInfo.decode(info.value).reason,
    mayRetry: retry !== undefined,
    retryAfterS: retry && Number(RetryInfo.decode(retry.value).retryDelay!.seconds),
    headers,
    body,
  };
}

// The last frame of gRPC-Web holds what gRPC has as trailers.
function webTrailers(body: Buffer): Record<string, string> {
  for (let at = 0; at + 5 <= body.length; at += 5 + body.readUInt32BE(at + 1)) {
    if (!(body[at]! & 0x80)) continue;
    const text = body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1)).toString();
    return Object.fromEntries(
      text
        .split('\r\n')
        .filter(Boolean)
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
    );
  }
  return {};
}
