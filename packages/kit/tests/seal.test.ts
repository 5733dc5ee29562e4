import { randomBytes } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Secret } from '../src/config.js';
import { seal, unseal } from '../src/seal.js';

const newKey = () => new Secret(randomBytes(32).toString('base64'));
const key = newKey();
const plaintext = '신한은행 110-123-456789';

test('what was sealed opens again', () => {
  assert.is(unseal(key, seal(key, plaintext, 'seller:1'), 'seller:1'), plaintext);
  assert.is(unseal(key, seal(key, '', 'seller:1'), 'seller:1'), '');
});

test('the sealed bytes show nothing, and differ each time', () => {
  const [one, other] = [seal(key, plaintext, 'seller:1'), seal(key, plaintext, 'seller:1')];
  assert.not.ok(one.equals(other));
  assert.not.ok(one.includes(Buffer.from(plaintext.slice(-6))));
});

test('it does not open in another context', () => {
  const sealed = seal(key, plaintext, 'seller:1');
  assert.throws(() => unseal(key, sealed, 'seller:2'));
  assert.throws(() => unseal(key, sealed, ''));
});

test('it does not open when any byte of it was changed, or the end is gone', () => {
  const sealed = seal(key, plaintext, 'seller:1');
  for (let i = 0; i < sealed.length; i++) {
    const changed = Buffer.from(sealed);
    changed[i]! ^= 1;
    assert.throws(() => unseal(key, changed, 'seller:1'), undefined, `byte ${i}`);
    assert.throws(() => unseal(key, sealed.subarray(0, i), 'seller:1'), undefined, `${i} bytes`);
  }
});

test('while keys rotate, both old and new open; a key that was taken away does not', () => {
  const newer = newKey();
  const [old, fresh] = [seal(key, plaintext, 'a'), seal(newer, plaintext, 'a')];
  assert.is(unseal([newer, key], old, 'a'), plaintext);
  assert.is(unseal([newer, key], fresh, 'a'), plaintext);
  assert.throws(() => unseal([newer], old, 'a'), /key that is not configured/);
});

test('a key of another length is refused', () => {
  assert.throws(() => seal(new Secret('c2hvcnQ='), plaintext, 'a'), /32 bytes/);
});

test.run();
