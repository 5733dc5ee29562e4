// The format to the byte: what is hashed and signed today is read in ten years. Expected values were made outside of this package (Python's hashlib
// and json; the Ed25519 key and signature of RFC 8032, section 7.1, test 2).
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  canonical,
  checkpointFrom,
  checkpointJson,
  commitmentOf,
  entryHash,
  fingerprintOf,
  hashFrom,
  hashOfCheckpoint,
  hex,
  type Json,
  keyIdOf,
  pemOf,
  publicKeyFrom,
  recordHash,
  signCheckpoint,
  signerFrom,
  treeOf,
  ZERO,
} from '../src/index.js';

const COMMITMENT = 'caa6807e907147097c7b6c4ff542427a6c1c3359b766f6556490703055caa70c';
const ENTRY = '7c82377a9178071d8830789395c2d0bd3659246a7b097b50adf72d3ab4fd6902';
const signer = signerFrom(Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'));

test('canonical JSON is that of RFC 8785', () => {
  const cases: readonly [Json, string][] = [
    [{ b: 1, a: [true, null, -0, 'x'], '': {} }, '{"":{},"a":[true,null,0,"x"],"b":1}'],
    // By UTF-16 code units: the surrogates of an emoji come before a ligature.
    [{ '\ufb33': 1, '🎉': 2, '€': 3, '1': 4, '\r': 5, '\u0080': 6, ö: 7 }, '{"\\r":5,"1":4,"\u0080":6,"ö":7,"€":3,"🎉":2,"\ufb33":1}'],
    ['\u0000\b\t\n\f\r"\\/\u007f\u2028한', '"\\u0000\\b\\t\\n\\f\\r\\"\\\\/\u007f\u2028한"'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [-7, '-7'],
    [[[], {}], '[[],{}]'],
  ];
  for (const [value, text] of cases) assert.is(canonical(value), text);
  assert.is(canonical(JSON.parse('{"__proto__":1}')), '{"__proto__":1}');
});

test('what has no canonical form is refused', () => {
  for (const value of [
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    undefined,
    1n,
    '\ud83c',
    'a\udf89',
    { a: undefined },
    { '\ud83c': 1 },
    [() => 1],
  ])
    assert.throws(() => canonical(value as Json), TypeError, String(value));
});

test('commitment, entry, record and checkpoint have the hashes that another program makes', () => {
  const content = { text: 'Hello, "all" 🎉', imageUrls: ['https://example.com/1.png'], replyTo: 3, mentions: ['b', 'a'] };
  const nonce = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
  const commitment = commitmentOf(content, nonce);
  assert.is(hex(commitment), COMMITMENT);
  const facts = { room: 'r', sequence: 1, time: new Date('2026-11-26'), author: 'a', mark: 'SELLER', kind: 'MESSAGE', target: 0 };
  const hash = entryHash(facts, commitment, ZERO);
  assert.is(hex(hash), ENTRY);
  assert.is(hex(recordHash({ what: 'read', previous: hex(ZERO) })), '0c306501301743efc13b15306c515616ad4a8120aace5e17a90796c8184af0bd');
  const checkpoint = signCheckpoint(
    { room: 'r', size: 1, root: hash, head: hash, time: new Date('2026-11-26T01:00:00Z'), previous: ZERO },
    signer,
  );
  assert.is(hex(hashOfCheckpoint(checkpoint)), '381d809caeb16aa9242913a0bf1985ba202ca3f2c22ff24e0db78cbeba86652d');
  assert.equal(checkpointFrom(JSON.parse(JSON.stringify(checkpointJson(checkpoint)))), checkpoint);
});

test('a signature is that of RFC 8032, and a key has the fingerprint of its raw bytes', () => {
  assert.is(
    signer.sign('r').toString('hex'),
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  assert.is(fingerprintOf(signer.publicKey), '39f713d0a644253f04529421b9f51b9b08979d08295959c4f3990ee617f5139f');
  assert.is(signer.keyId, '39f713d0a644253f');
});

test('a key is read from PEM and from JWK, and only an Ed25519 one', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const id = keyIdOf(publicKey);
  assert.is(keyIdOf(publicKeyFrom(pemOf(publicKey))), id);
  assert.is(keyIdOf(publicKeyFrom(JSON.stringify(publicKey.export({ format: 'jwk' })))), id);
  assert.is(signerFrom(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()).keyId, id);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  assert.throws(() => publicKeyFrom(pemOf(rsa.publicKey)), /Ed25519/);
  assert.throws(() => signerFrom(rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()), /Ed25519/);
  assert.throws(() => signerFrom(Buffer.alloc(31)), /32 bytes/);
});

test('roots are those of the tree that Certificate Transparency is tested with', () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const leaves = inputs.map((input) =>
    createHash('sha256')
      .update(Buffer.from(`00${input}`, 'hex'))
      .digest(),
  );
  const tree = treeOf(Buffer.concat(leaves));
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  assert.equal(
    roots.map((_, size) => hex(tree.root(size))),
    roots,
  );
});

test('a hash is 64 small hexadecimal digits, and nothing else', () => {
  assert.equal(hashFrom(ENTRY), Buffer.from(ENTRY, 'hex'));
  for (const wrong of [ENTRY.toUpperCase(), ENTRY.slice(1), `${ENTRY}00`, `${ENTRY}\n`, '', null, 7])
    assert.throws(() => hashFrom(wrong), /not a hash/);
});

test.run();
