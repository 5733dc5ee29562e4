// The tree against the definition of RFC 9162, section 2.1, written down once more in the plainest way.
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { growingTree, treeOf, verifyConsistency, verifyInclusion } from '../src/index.js';

const node = (left: Buffer, right: Buffer) =>
  createHash('sha256')
    .update(Buffer.concat([Buffer.of(1), left, right]))
    .digest();

function plainRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return node(plainRoot(leaves.slice(0, k)), plainRoot(leaves.slice(k)));
}

const MOST = 70;
const leaves = Array.from({ length: MOST }, () => randomBytes(32));
const tree = treeOf(Buffer.concat(leaves));

test('roots are those of the definition, also of a tree that grows', () => {
  const growing = growingTree();
  for (let size = 0; size <= MOST; size++) {
    const expected = plainRoot(leaves.slice(0, size));
    assert.equal(tree.root(size), expected);
    assert.equal(growing.root(), expected);
    if (size < MOST) growing.push(leaves[size]!);
  }
});

test('each leaf of each size is proven, and no other leaf, place, size or root is', () => {
  for (let size = 1; size <= MOST; size++) {
    const root = tree.root(size);
    for (let index = 0; index < size; index++) {
      const path = tree.inclusion(index, size);
      assert.ok(verifyInclusion(leaves[index]!, index, size, path, root));
      assert.not(verifyInclusion(randomBytes(32), index, size, path, root));
      assert.not(verifyInclusion(leaves[index]!, index, size, path, randomBytes(32)));
      assert.not(verifyInclusion(leaves[index]!, index, size, [...path, root], root));
      if (size > 1) assert.not(verifyInclusion(leaves[index]!, (index + 1) % size, size, path, root));
      if (path.length > 0) assert.not(verifyInclusion(leaves[index]!, index, size, path.slice(1), root));
    }
    assert.not(verifyInclusion(leaves[0]!, size, size, tree.inclusion(0, size), root));
  }
});

test('each earlier size is proven to be the beginning, and a fork is not', () => {
  for (let size = 1; size <= MOST; size++) {
    for (let older = 1; older <= size; older++) {
      const proof = tree.consistency(older, size);
      assert.ok(verifyConsistency(older, tree.root(older), size, tree.root(size), proof));
      assert.not(verifyConsistency(older, randomBytes(32), size, tree.root(size), proof));
      assert.not(verifyConsistency(older, tree.root(older), size, randomBytes(32), proof));
      if (older < size) assert.not(verifyConsistency(older, tree.root(older), size, tree.root(size), proof.slice(1)));
    }
  }
});

test('what is not there is not proven', () => {
  assert.throws(() => tree.inclusion(MOST), /no leaf/);
  assert.throws(() => tree.consistency(0), /no tree/);
  assert.throws(() => tree.root(MOST + 1), /leaves/);
  assert.throws(() => treeOf(Buffer.alloc(31)), /32 bytes/);
});

test.run();
