// What is done to orders and their lines by buyers, sellers and staff.
import { randomUUID } from 'node:crypto';
import { bed } from './checkout-support.js';
import type { Choices, Deed } from './stock-choices.js';
import type { House } from './stock-house.js';
import { isOverdue, type LineState, type Part } from './stock-model.js';
import * as rules from './stock-model-lines.js';

type Token = Awaited<ReturnType<typeof bed.as>>;
/** What the requests ask for; each takes of it what is its own. */
interface Asked {
  readonly requestId: string;
  readonly id: string;
  readonly orderId: string;
  readonly lineIds: string[];
}

export function openLineOperations(house: House, choices: Choices) {
  const { chance, pick, below, shop, anOrder, has, inState, someLines, sellerOf, request, asBuyer, asSeller } = choices;
  const staff = randomUUID();
  const { clients } = house;

  function ofBuyer(
    what: string,
    states: readonly LineState[],
    mayBeNone: boolean,
    rule: (of: number, named: readonly number[]) => Part | readonly Part[],
    call: (asked: Asked, token: Token) => Promise<unknown>,
  ): Deed | undefined {
    const chosen = anOrder(has(states));
    if (!chosen) return undefined;
    const { number, id, order, lineIds } = chosen;
    const named = someLines(order, inState(order, states), mayBeNone);
    const asked = { ...request(), id, orderId: id, lineIds: named.map((place) => lineIds[place]!) };
    return {
      what: `${what} ${named} of order ${number}`,
      parts: [rule(number, named)].flat(),
      act: async () => call(asked, await asBuyer(number)),
      isRequest: true,
    };
  }

  function ofSeller(
    what: string,
    mayBeNone: boolean,
    rule: (seller: number, of: number, named: readonly number[]) => Part,
    call: (asked: Asked, token: Token) => Promise<unknown>,
  ): Deed | undefined {
    const states: readonly LineState[] = ['PAID', 'PREPARING'];
    const chosen = anOrder(has(states));
    if (!chosen) return undefined;
    const { number, id, order, lineIds } = chosen;
    const seller = sellerOf(order, below(order.lines.length));
    const fits = (place: number) => inState(order, states)(place) && sellerOf(order, place) === seller;
    const named = someLines(order, fits, mayBeNone);
    const asked = { ...request(), id, orderId: id, lineIds: named.map((place) => lineIds[place]!) };
    return {
      what: `seller ${seller} ${what} ${named} of order ${number}`,
      parts: [rule(seller, number, named)],
      act: async () => call(asked, await asSeller(seller)),
      isRequest: true,
    };
  }

  const cancel = () =>
    ofBuyer('cancel', pick([['PAID'], ['AWAITING_PAYMENT']] as const), true, rules.cancel, (asked, token) =>
      clients().orders.cancelOrder({ ...asked, reason: '변심' }, token),
    );
  const confirmDelivery = () =>
    ofBuyer('confirm delivery', ['SHIPPED'], true, rules.confirmDelivery, (asked, token) =>
      clients().orders.confirmOrderDelivery(asked, token),
    );
  const complete = () =>
    ofBuyer('complete', ['DELIVERED'], true, rules.complete, (asked, token) => clients().orders.completeOrder(asked, token));
  const askReturn = () =>
    ofBuyer('ask to return', ['SHIPPED', 'DELIVERED'], false, rules.askReturn, (asked, token) =>
      clients().orders.requestReturn({ ...asked, reason: '색상이 달라요' }, token),
    );

  const cancelSold = () =>
    ofSeller('cancels', false, rules.cancelSold, (asked, token) => clients().sales.cancelOrderLines({ ...asked, reason: '품절' }, token));
  const prepare = () => ofSeller('prepares', true, rules.prepare, (asked, token) => clients().sales.prepareOrder(asked, token));
  const send = () =>
    ofSeller('sends', true, rules.send, (asked, token) =>
      clients().sales.registerOrderShipment({ ...asked, carrier: '우체국', trackingNumber: '1' }, token),
    );

  function decideReturn(): Deed | undefined {
    const chosen = anOrder(({ returns }) => returns.some(({ state }) => state === 'OPEN'));
    if (!chosen || chosen.order.returns.length === 0) return undefined;
    const { number, order, returnIds } = chosen;
    const which = below(order.returns.length);
    const { lines } = order.returns[which]!;
    // What goes back to where it was must not be overdue there: when it goes on then is up to a job.
    const approve = lines.some((place) => isOverdue(shop(), order.lines[place]!)) || !chance(3);
    const restock = chance(2);
    const decision = { ...request(), id: returnIds[which]!, approve, rejectionReason: approve ? '' : '사용 흔적', restock };
    return {
      what: `${approve ? 'approve' : 'reject'} return ${which} of order ${number}${restock ? ', restocked' : ''}`,
      parts: [rules.decideReturn(number, which, approve ? 'APPROVED' : 'REJECTED', restock)],
      act: async () => clients().sales.decideReturn(decision, await asSeller(sellerOf(order, lines[0]!))),
      isRequest: true,
    };
  }

  function refund(): Deed | undefined {
    const restock = chance(2);
    return ofBuyer(
      `staff${restock ? ' restock and' : ''} refund`,
      rules.REFUNDABLE,
      false,
      (of, named) => rules.refund(of, named, restock),
      async (asked) => clients().orders.refundOrder({ ...asked, reason: '분쟁', restock }, await bed.as(staff, 'ADMIN')),
    );
  }

  return { cancel, confirmDelivery, complete, askReturn, cancelSold, prepare, send, decideReturn, refund };
}
