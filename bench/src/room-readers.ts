// Many who read one room, and what they have got. Bytes are counted and thrown away, so that reading costs the same on every side.
import { Client, type ClientReadableStream, Metadata } from '@grpc/grpc-js';
import { ChatServiceDefinition, StreamMessagesRequest } from '@moa/contracts/chat/v1/chat_service';
import { pathOf } from '@moa/contracts/method';
import { certificatesIn } from '@moa/kit';
import { until } from '@moa/testkit';

export const STREAM_PATH = pathOf(ChatServiceDefinition, ChatServiceDefinition.methods.streamMessages);
/** Of the bare server. */
export const PUBLISH_PATH = '/moa.bench.Room/Publish';

const STREAMS_OF_A_CONNECTION = 500;
// How a message begins that has an entry; a sign of life has none.
const ENTRY_TAG = 0x0a;
const LONG_MS = 120_000;
const bytes = (value: Buffer) => value;

export interface Readers {
  /** How many entries have come to all of them together. */
  readonly received: number;
  /** The last bytes that came. */
  readonly last: Buffer;
  /** Why streams have ended. */
  readonly ended: readonly string[];
  close(): void;
}

/** Opens streams, each of which begins with a sign of life, and waits until all of them read. `after`: from there, or from now on. */
export async function openReaders(address: string, certificates: string, count: number, roomId: string, after?: number): Promise<Readers> {
  const credentials = certificatesIn(certificates).channel;
  const request = Buffer.from(StreamMessagesRequest.encode({ roomId, after: BigInt(after ?? 0), fromNow: after === undefined }).finish());
  const clients = Array.from(
    { length: Math.ceil(count / STREAMS_OF_A_CONNECTION) },
    () => new Client(address, credentials, { 'grpc.ssl_target_name_override': 'localhost', 'grpc.use_local_subchannel_pool': 1 }),
  );
  const ended: string[] = [];
  let [received, signs] = [0, 0];
  let last: Buffer = Buffer.alloc(0);
  const streams: ClientReadableStream<Buffer>[] = [];
  for (let reader = 0; reader < count; reader++) {
    const client = clients[Math.floor(reader / STREAMS_OF_A_CONNECTION)]!;
    const stream = client.makeServerStreamRequest(STREAM_PATH, bytes, bytes, request, new Metadata());
    stream
      .on('data', (message: Buffer) => {
        if (message[0] !== ENTRY_TAG) {
          signs++;
          return;
        }
        received++;
        last = message;
      })
      .on('error', (error) => ended.push(error.message));
    streams.push(stream);
  }
  if (after === undefined) await until(() => signs >= count || ended.length > 0, LONG_MS);
  return {
    get received() {
      return received;
    },
    get last() {
      return last;
    },
    ended,
    close() {
      for (const stream of streams) stream.cancel();
      for (const client of clients) client.close();
    },
  };
}

/** Waits until all have got so many. */
export async function received(readers: Pick<Readers, 'received' | 'ended'>, count: number): Promise<void> {
  await until(() => readers.received >= count || readers.ended.length > 0, LONG_MS);
  if (readers.ended.length > 0 || readers.received !== count)
    throw new Error(`${readers.received} of ${count} came; ${readers.ended.length} streams ended: ${readers.ended[0]}`);
}
