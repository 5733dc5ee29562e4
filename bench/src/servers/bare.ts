// grpc-js as it comes: the same bytes in, the same bytes out, over the same mutual TLS, and nothing in between.
import { Server, type sendUnaryData } from '@grpc/grpc-js';
import { certificatesIn } from '@moa/kit';
import { PATH, responseBytes } from '../sample.js';

const bytes = (value: Buffer) => value;
const server = new Server();
server.addService(
  {
    createPledge: {
      path: PATH,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  },
  { createPledge: (_: unknown, reply: sendUnaryData<Buffer>) => reply(null, responseBytes) },
);
server.bindAsync('127.0.0.1:0', certificatesIn(process.env['CERTIFICATES']!).server, (error, port) => {
  if (error) throw error;
  process.send!({ address: `127.0.0.1:${port}` });
});
