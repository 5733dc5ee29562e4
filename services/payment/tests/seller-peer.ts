// The seller service as payment sees it: knows where a seller's money goes, or why it may not go anywhere.
import { status } from '@grpc/grpc-js';
import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { failures, type Implementation, openHost } from '@moa/kit';
import type { Testbed } from '@moa/testkit';

const fail = failures('moa.seller', {
  NOT_HERE: status.UNIMPLEMENTED,
  SELLER_NOT_VERIFIED: status.FAILED_PRECONDITION,
  SETTLEMENT_ACCOUNT_TOO_NEW: status.FAILED_PRECONDITION,
});

export async function openSellerPeer(bed: Testbed) {
  const account = { bankCode: '088', accountNumber: '110123456789', holderName: '주식회사 모아' };
  const peer = { account, refusal: undefined as 'SELLER_NOT_VERIFIED' | 'SETTLEMENT_ACCOUNT_TOO_NEW' | undefined };
  const methods = Object.keys(SellerServiceDefinition.methods).map((name) => [name, async () => Promise.reject(fail('NOT_HERE'))]);
  const implementation = {
    ...Object.fromEntries(methods),
    getSettlementAccount: async () => {
      if (peer.refusal) throw fail(peer.refusal);
      return { account: peer.account };
    },
  } as Implementation<typeof SellerServiceDefinition>;
  const host = await openHost('seller', await bed.config('seller'));
  host.serve(SellerServiceDefinition, implementation);
  const running = await host.listen();
  return Object.assign(peer, { address: running.address, stop: running.stop });
}
