import type { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import { crashPoint, type Handler } from '@moa/kit';
import { variantToProto } from '../convert-product.js';
import type { Context } from '../service.js';
import { setStock as countStock } from '../store/set-stock.js';

type SetStock = Handler<typeof CatalogServiceDefinition.methods.setStock>;

export const setStock =
  ({ db }: Context): SetStock =>
  async ({ variantId, change }, call) => {
    const { variant, currency } = await countStock(db, call, variantId, change!);
    crashPoint('purchase.stock.set');
    return { variant: variantToProto(variant, currency) };
  };
