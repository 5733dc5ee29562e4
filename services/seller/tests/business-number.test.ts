import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { businessNumberOf } from '../src/domain/business-number.js';

test('numbers of real businesses hold, with hyphens or without', () => {
  for (const number of ['120-81-47521', '220-81-62517', '124-81-00998', '1208147521']) {
    assert.is(businessNumberOf(number), number.replaceAll('-', ''));
  }
});

test('any one digit changed does not', () => {
  for (let index = 0; index < 10; index++) {
    const digits = [...'1208147521'];
    digits[index] = String((Number(digits[index]) + 1) % 10);
    assert.throws(() => businessNumberOf(digits.join('')), 'BUSINESS_NUMBER_WRONG');
  }
});

test('what is no number of ten digits is refused', () => {
  for (const text of ['', '120814752', '12081475210', '120814752x', '１２０８１４７５２１']) {
    assert.throws(() => businessNumberOf(text), 'BUSINESS_NUMBER_WRONG');
  }
});

test.run();
