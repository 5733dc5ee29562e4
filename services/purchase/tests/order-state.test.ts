// Where an order stands, by its lines.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { OrderState } from '../src/domain/order.js';
import { isEnd, orderStateOf } from '../src/domain/order-state.js';

const stateOf = (...states: OrderState[]) => orderStateOf(states.map((state) => ({ state })));
const FAR: readonly OrderState[] = ['PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'RETURN_REQUESTED', 'COMPLETED'];

test('an order is as far as the least far of its lines', () => {
  for (const [place, state] of FAR.entries()) {
    assert.is(stateOf(state), state);
    for (const further of FAR.slice(place)) {
      assert.is(stateOf(state, further), state);
      assert.is(stateOf(further, state), state);
    }
  }
});

test('lines that were taken back count only when no other is left', () => {
  for (const state of FAR) {
    assert.is(stateOf('CANCELED', state, 'RETURNED'), state);
  }
  assert.is(stateOf('CANCELED', 'CANCELED'), 'CANCELED');
  assert.is(stateOf('RETURNED', 'RETURNED'), 'RETURNED');
  assert.is(stateOf('CANCELED', 'RETURNED'), 'RETURNED', 'something was sent, and came back');
});

test('an order has ended when nothing happens to it by itself any more', () => {
  for (const state of ['COMPLETED', 'CANCELED', 'RETURNED'] as const) assert.ok(isEnd(state));
  for (const state of ['PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'RETURN_REQUESTED'] as const) assert.not.ok(isEnd(state));
});

test.run();
