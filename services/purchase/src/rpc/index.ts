import type { CartServiceDefinition } from '@moa/contracts/purchase/v1/cart_service';
import type { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import type {
  CheckoutAdminServiceDefinition,
  OrderServiceDefinition,
  SellerOrderServiceDefinition,
} from '@moa/contracts/purchase/v1/order_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { addVariant } from './add-variant.js';
import { cancelOrder } from './cancel-order.js';
import { cancelOrderLines } from './cancel-order-lines.js';
import { checkout } from './checkout.js';
import { clearCart } from './clear-cart.js';
import { completeOrder } from './complete-order.js';
import { confirmOrderDelivery } from './confirm-order-delivery.js';
import { createProduct } from './create-product.js';
import { decideReturn } from './decide-return.js';
import { getCart } from './get-cart.js';
import { getCheckout } from './get-checkout.js';
import { getOrder } from './get-order.js';
import { getProduct } from './get-product.js';
import { listChargedOrders } from './list-charged-orders.js';
import { listCheckouts } from './list-checkouts.js';
import { listMyOrders } from './list-my-orders.js';
import { listMyProducts } from './list-my-products.js';
import { listOrdersForMyPage } from './list-orders-for-my-page.js';
import { listProducts } from './list-products.js';
import { listReturnRequests } from './list-return-requests.js';
import { listSellerOrders } from './list-seller-orders.js';
import { mergeCart } from './merge-cart.js';
import { pauseProduct } from './pause-product.js';
import { prepareOrder } from './prepare-order.js';
import { publishProduct } from './publish-product.js';
import { refundOrder } from './refund-order.js';
import { registerOrderShipment } from './register-order-shipment.js';
import { removeProduct } from './remove-product.js';
import { requestReturn } from './request-return.js';
import { resolveCheckout } from './resolve-checkout.js';
import { retryCheckout } from './retry-checkout.js';
import { searchProducts } from './search-products.js';
import { setCartItem } from './set-cart-item.js';
import { setStock } from './set-stock.js';
import { updateProduct } from './update-product.js';
import { updateVariant } from './update-variant.js';

export const catalogService = (context: Context): Implementation<typeof CatalogServiceDefinition> => ({
  createProduct: createProduct(context),
  updateProduct: updateProduct(context),
  addVariant: addVariant(context),
  updateVariant: updateVariant(context),
  publishProduct: publishProduct(context),
  pauseProduct: pauseProduct(context),
  removeProduct: removeProduct(context),
  setStock: setStock(context),
  getProduct: getProduct(context),
  listProducts: listProducts(context),
  searchProducts: searchProducts(context),
  listMyProducts: listMyProducts(context),
});

export const cartService = (context: Context): Implementation<typeof CartServiceDefinition> => ({
  getCart: getCart(context),
  setCartItem: setCartItem(context),
  clearCart: clearCart(context),
  mergeCart: mergeCart(context),
});

export const orderService = (context: Context): Implementation<typeof OrderServiceDefinition> => ({
  checkout: checkout(context),
  getOrder: getOrder(context),
  listMyOrders: listMyOrders(context),
  cancelOrder: cancelOrder(context),
  confirmOrderDelivery: confirmOrderDelivery(context),
  completeOrder: completeOrder(context),
  requestReturn: requestReturn(context),
  refundOrder: refundOrder(context),
  listChargedOrders: listChargedOrders(context),
  listOrdersForMyPage: listOrdersForMyPage(context),
});

export const sellerOrderService = (context: Context): Implementation<typeof SellerOrderServiceDefinition> => ({
  listSellerOrders: listSellerOrders(context),
  prepareOrder: prepareOrder(context),
  registerOrderShipment: registerOrderShipment(context),
  cancelOrderLines: cancelOrderLines(context),
  listReturnRequests: listReturnRequests(context),
  decideReturn: decideReturn(context),
});

export const checkoutAdminService = (context: Context): Implementation<typeof CheckoutAdminServiceDefinition> => ({
  listCheckouts: listCheckouts(context),
  getCheckout: getCheckout(context),
  retryCheckout: retryCheckout(context),
  resolveCheckout: resolveCheckout(context),
});
