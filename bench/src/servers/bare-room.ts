// grpc-js as it comes: whoever reads is in the room, and what is published is written to everybody, the same bytes, and nothing in between.
import { Server, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import { certificatesIn } from '@moa/kit';
import { PUBLISH_PATH, STREAM_PATH } from '../room-readers.js';

const bytes = (value: Buffer) => value;
const codec = { requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes };
const readers = new Set<ServerWritableStream<Buffer, Buffer>>();
const server = new Server({ 'grpc.max_concurrent_streams': 1_000 });
server.addService(
  {
    stream: { path: STREAM_PATH, requestStream: false, responseStream: true, ...codec },
    publish: { path: PUBLISH_PATH, requestStream: false, responseStream: false, ...codec },
  },
  {
    stream(reader: ServerWritableStream<Buffer, Buffer>) {
      readers.add(reader);
      reader.on('cancelled', () => readers.delete(reader));
      reader.write(Buffer.alloc(0));
    },
    publish({ request }: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
      for (const reader of readers) reader.write(request);
      reply(null, Buffer.alloc(0));
    },
  },
);
server.bindAsync('127.0.0.1:0', certificatesIn(process.env['CERTIFICATES']!).server, (error, port) => {
  if (error) throw error;
  process.send!({ address: `127.0.0.1:${port}` });
});
