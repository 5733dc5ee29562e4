// Trees of random sizes up to some thousands, against a plain recursive one; and that a big one is quick.
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { growingTree, treeOf, verifyConsistency, verifyInclusion } from '../src/index.js';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
let state = seed;
/** From 0 up to `below`: a linear congruential generator (Numerical Recipes), so that a seed repeats a run. */
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

const sha = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafOf = (index: number): Buffer => sha(Buffer.from(`leaf ${index} of ${seed}`));

function plainRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha(Buffer.of(1), plainRoot(leaves.slice(0, k)), plainRoot(leaves.slice(k)));
}

const ROUNDS = 60;
const MOST = 3_000;
const all = Array.from({ length: MOST }, (_, index) => leafOf(index));
const flipped = (hash: Buffer): Buffer => {
  const other = Buffer.from(hash);
  other[random(32)]! ^= 1 << random(8);
  return other;
};

test('proofs of random trees hold, and with one bit changed anywhere none does', () => {
  let refused = 0;
  const refuse = (holds: boolean) => {
    assert.not(holds, `seed ${seed}`);
    refused += 1;
  };
  const tree = treeOf(Buffer.concat(all));
  for (let round = 0; round < ROUNDS; round++) {
    const size = 1 + random(MOST);
    const older = 1 + random(size);
    const index = random(size);
    const leaf = all[index]!;
    const root = tree.root(size);
    assert.equal(root, plainRoot(all.slice(0, size)), `seed ${seed}, size ${size}`);
    const growing = growingTree();
    for (const each of all.slice(0, size)) growing.push(each);
    assert.equal(growing.root(), root, `seed ${seed}, size ${size}`);
    assert.is(growing.size, size);

    const path = tree.inclusion(index, size);
    assert.ok(verifyInclusion(leaf, index, size, path, root), `seed ${seed}, leaf ${index} of ${size}`);
    for (let at = 0; at < path.length; at++) refuse(verifyInclusion(leaf, index, size, path.with(at, flipped(path[at]!)), root));
    refuse(verifyInclusion(flipped(leaf), index, size, path, root));
    refuse(verifyInclusion(leaf, index, size, path, flipped(root)));
    refuse(verifyInclusion(leaf, -1, size, path, root));
    refuse(verifyInclusion(leaf.subarray(1), index, size, path, root));
    if (path[0]) refuse(verifyInclusion(leaf, index, size, path.with(0, Buffer.concat([path[0], leaf])), root));

    const olderRoot = tree.root(older);
    const proof = tree.consistency(older, size);
    assert.ok(verifyConsistency(older, olderRoot, size, root, proof), `seed ${seed}, ${older} of ${size}`);
    for (let at = 0; at < proof.length; at++) refuse(verifyConsistency(older, olderRoot, size, root, proof.with(at, flipped(proof[at]!))));
    refuse(verifyConsistency(older, flipped(olderRoot), size, root, proof));
    refuse(verifyConsistency(older, olderRoot, size, flipped(root), proof));
    refuse(verifyConsistency(older, olderRoot, size, root, [...proof, root]));
    refuse(verifyConsistency(older, olderRoot.subarray(1), size, root, proof));
    refuse(verifyConsistency(0, olderRoot, size, root, proof));
    refuse(verifyConsistency(size + 1, olderRoot, size, root, proof));
  }
  console.log(`\n» ${ROUNDS} trees of up to ${MOST} leaves, ${refused} false proofs refused; seed ${seed}`);
});

test('a room of a million entries has its root, and proofs, in seconds', () => {
  const size = 1_000_000;
  // Any 32 bytes are a leaf: hashing them first is not what is measured.
  const leaves = Buffer.alloc(size * 32);
  for (let at = 0; at < size; at++) leaves.writeUInt32BE(at, at * 32);
  const begunMs = performance.now();
  const tree = treeOf(leaves);
  const root = tree.root();
  const rootMs = performance.now() - begunMs;
  const proofs = 2_000;
  for (let count = 0; count < proofs; count++) {
    const index = random(size);
    if (!verifyInclusion(leaves.subarray(index * 32, index * 32 + 32), index, size, tree.inclusion(index), root))
      assert.unreachable(`leaf ${index}`);
  }
  const proofMs = (performance.now() - begunMs - rootMs) / proofs;
  assert.ok(verifyConsistency(777_777, tree.root(777_777), size, root, tree.consistency(777_777)));
  console.log(`\n» a million leaves: root after ${Math.round(rootMs)} ms, then ${proofMs.toFixed(3)} ms for a proof, made and checked`);
  assert.ok(rootMs < 60_000);
});

test.run();
