// Bytes that are no honest message, and how each has to end: no handler ever sees one.
import { gzipSync } from 'node:zlib';
import { type CallOptions, framed, messageOf } from '@moa/testkit';
import { NO_CONNECTION } from './doors.js';

export interface Malformed {
  readonly what: string;
  readonly options: CallOptions;
  readonly atEnvoy: string;
  readonly atService: string;
}

const MIB = 1 << 20;
const INVALID = 'INVALID_ARGUMENT REQUEST_INVALID';
const TOO_LARGE = 'RESOURCE_EXHAUSTED';
// grpc-js's own word for a call that is not one message.
const INCOMPLETE = 'UNIMPLEMENTED';
const thousandHeaders = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x-many-${index}`, 'a']));

const odd = (what: string, options: CallOptions, atService: string, atEnvoy = atService): Malformed[] => [
  { what, options, atEnvoy, atService },
];

/** A field of text by its number. */
const field = (number: number, value: Uint8Array | string) => {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
};

function varint(value: number): Buffer {
  return value < 0x80 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value & 0x7f) | 0x80]), varint(value >>> 7)]);
}

/** A message inside a message inside a message. */
function nested(depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) bytes = field(1, bytes);
  return bytes;
}

function frame(flag: number, claimedBytes: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag);
  head.writeUInt32BE(claimedBytes, 1);
  return Buffer.concat([head, body]);
}

/** `good` is an honest SignUp. */
export function malformedMessages(good: Uint8Array): Malformed[] {
  const signUp = (email: Uint8Array) =>
    Buffer.concat([field(1, '0198c0de-0000-7000-8000-000000000000'), field(2, email), field(3, 'long enough')]);
  const bomb = gzipSync(Buffer.alloc(64 * MIB));
  const garbage = Buffer.alloc(64, 0xff);
  const gzip = { 'grpc-encoding': 'gzip' };
  const messages = Object.entries({
    'that is garbage': garbage,
    'that was cut off': good.subarray(0, good.length - 3),
    'with a length past its end': Buffer.from([0x0a, 0xff, 0xff, 0x7f, 0x41]),
    'with a number without an end': Buffer.alloc(20, 0x80),
    'with groups without an end': Buffer.alloc(200_000, 0x0b),
    'with the field number 0': Buffer.from([0x02, 0x01, 0x41]),
    'that is nested a thousand deep': nested(1_000),
    'with overlong UTF-8': signUp(Buffer.from([0xc0, 0xaf, 0x40, 0x6d, 0x6f, 0x61])),
    'with half a surrogate': signUp(Buffer.from([0xed, 0xa0, 0x80, 0x40, 0x6d])),
    'with a fixed number where text belongs': Buffer.concat([Buffer.from([0x0d, 1, 2, 3, 4]), good.subarray(38)]),
  }).flatMap(([kind, bytes]) => odd(`a message ${kind}`, { body: framed(bytes) }, INVALID));
  return [
    ...messages,
    ...odd('half a frame', { body: Buffer.from([0, 0, 0]) }, INCOMPLETE),
    ...odd('no frame at all', { body: Buffer.alloc(0) }, INCOMPLETE),
    ...odd('a frame that claims more than there is', { body: frame(0, good.length + 50, good) }, INCOMPLETE),
    ...odd('two messages where one belongs', { body: Buffer.concat([framed(good), framed(good)]) }, INCOMPLETE),
    // What is left over is read as another frame, of a size that is nonsense.
    ...odd('a frame that claims less than there is', { body: frame(0, good.length - 10, good) }, TOO_LARGE),
    ...odd('a frame that claims 4 GiB', { body: frame(0, 0xffffffff, good) }, TOO_LARGE),
    ...odd('garbage under a flag that means nothing', { body: frame(7, garbage.length, garbage) }, INVALID),
    ...odd('garbage said to be compressed, without an encoding', { body: frame(1, garbage.length, garbage) }, INVALID),
    ...odd('garbage said to be compressed', { headers: gzip, body: frame(1, garbage.length, garbage) }, 'INTERNAL'),
    ...odd('an encoding that nobody knows', { headers: { 'grpc-encoding': 'mine' }, body: frame(1, good.length, good) }, 'UNIMPLEMENTED'),
    ...odd('a bomb of 64 MiB in 64 KiB', { headers: gzip, body: frame(1, bomb.length, bomb) }, TOO_LARGE),
    ...odd('a message over 1 MiB', { body: messageOf(MIB + 1_000) }, TOO_LARGE, `${TOO_LARGE} REQUEST_TOO_LARGE`),
    ...odd('metadata of 30 KiB', { headers: { 'x-large': 'a'.repeat(30 << 10) }, body: framed(good) }, NO_CONNECTION),
    ...odd('a thousand headers', { headers: thousandHeaders, body: framed(good) }, NO_CONNECTION),
  ];
}
