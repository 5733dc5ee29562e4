// The door's script behind grpc-js as it comes, over the same mutual TLS: no identity, no rules, no log, no Postgres.
import { Server, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { ClaimCouponRequest } from '@moa/contracts/coupon/v1/coupon_service';
import { certificatesIn } from '@moa/kit';
import { CLAIM_PATH, openScript } from '../claims.js';

const bytes = (value: Buffer) => value;
const { enter } = openScript(process.env['REDIS_URL']!, process.env['REDIS_PREFIX']!);

async function claimCoupon(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): Promise<void> {
  const { campaignId, requestId } = ClaimCouponRequest.decode(call.request);
  const verdict = await enter(campaignId, String(call.metadata.get('account')[0]), requestId);
  if (verdict === 'IN') reply(null, Buffer.alloc(0));
  else reply({ code: status.RESOURCE_EXHAUSTED, details: verdict });
}

const server = new Server();
server.addService(
  {
    claimCoupon: {
      path: CLAIM_PATH,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  },
  { claimCoupon },
);
server.bindAsync('127.0.0.1:0', certificatesIn(process.env['CERTIFICATES']!).server, (error, port) => {
  if (error) throw error;
  process.send!({ address: `127.0.0.1:${port}` });
});
