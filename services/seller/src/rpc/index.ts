import type { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { approveSeller } from './approve-seller.js';
import { getSeller } from './get-seller.js';
import { listSellers } from './list-sellers.js';
import { registerSeller } from './register-seller.js';
import { rejectSeller } from './reject-seller.js';

export const sellerService = (context: Context): Implementation<typeof SellerServiceDefinition> => ({
  registerSeller: registerSeller(context),
  getSeller: getSeller(context),
  listSellers: listSellers(context),
  approveSeller: approveSeller(context),
  rejectSeller: rejectSeller(context),
});
