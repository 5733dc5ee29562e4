// The Merkle tree of RFC 9162, section 2.1, over hashes that are leaves already.
import { hash } from 'node:crypto';
import { HASH_BYTES } from './hashes.js';

// 0x01, left, right: filled anew for each node.
const node = Buffer.alloc(1 + 2 * HASH_BYTES, 0x01);

function nodeOf(left: Uint8Array, right: Uint8Array): Buffer {
  if (!isHash(left) || !isHash(right)) throw new RangeError('a hash has 32 bytes');
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return hash('sha256', node, 'buffer');
}

/** The root of no leaves: the hash of nothing. */
const emptyRoot = () => hash('sha256', Buffer.alloc(0), 'buffer');

/** Leaves in one buffer, 32 bytes each. It hashes each pair once and keeps as many bytes again as the leaves have; proofs are looked up after that. */
export function treeOf(leaves: Uint8Array) {
  const size = leaves.length / HASH_BYTES;
  if (!Number.isInteger(size)) throw new RangeError('leaves have 32 bytes each');
  // In levels[h], one after the other, the roots of all whole subtrees of 2^h leaves.
  const levels = [leaves];
  for (let count = Math.floor(size / 2); count > 0; count = Math.floor(count / 2)) {
    const below = levels.at(-1)!;
    const level = Buffer.alloc(count * HASH_BYTES);
    for (let at = 0; at < count; at++) level.set(nodeOf(hashAt(below, 2 * at), hashAt(below, 2 * at + 1)), at * HASH_BYTES);
    levels.push(level);
  }

  function rootOf(from: number, to: number): Buffer {
    const height = Math.log2(to - from);
    // A whole subtree starts at a multiple of its size: RFC 9162 splits at powers of two.
    if (Number.isInteger(height)) return Buffer.from(hashAt(levels[height]!, from / (to - from)));
    const middle = from + split(to - from);
    return nodeOf(rootOf(from, middle), rootOf(middle, to));
  }

  return {
    size,
    /** The root over the first leaves. */
    root(of = size): Buffer {
      checkSize(of);
      return of === 0 ? emptyRoot() : rootOf(0, of);
    },
    /** Proves that the leaf with this index (from 0) is among the first `of`: RFC 9162, 2.1.3.1. */
    inclusion(index: number, of = size): Buffer[] {
      checkSize(of);
      if (index < 0 || index >= of) throw new RangeError(`no leaf ${index} in a tree of ${of}`);
      const path: Buffer[] = [];
      let [from, to] = [0, of];
      while (to - from > 1) {
        const middle = from + split(to - from);
        if (index < middle) {
          path.push(rootOf(middle, to));
          to = middle;
        } else {
          path.push(rootOf(from, middle));
          from = middle;
        }
      }
      return path.reverse();
    },
    /** Proves that the tree of the first `older` leaves is the beginning of that of the first `of`: RFC 9162, 2.1.4.1. */
    consistency(older: number, of = size): Buffer[] {
      checkSize(of);
      if (older < 1 || older > of) throw new RangeError(`no tree of ${older} in one of ${of}`);
      const proof = (m: number, from: number, to: number, isWhole: boolean): Buffer[] => {
        if (m === to - from) return isWhole ? [] : [rootOf(from, to)];
        const k = split(to - from);
        return m <= k
          ? [...proof(m, from, from + k, isWhole), rootOf(from + k, to)]
          : [...proof(m - k, from + k, to, false), rootOf(from, from + k)];
      };
      return proof(older, 0, of, true);
    },
  };

  function checkSize(of: number): void {
    if (!Number.isInteger(of) || of < 0 || of > size) throw new RangeError(`${of} of ${size} leaves`);
  }
}

const hashAt = (hashes: Uint8Array, index: number): Uint8Array => hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);

// The largest power of two that is smaller.
const split = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

/** Whether an inclusion proof leads from a leaf to a root: RFC 9162, 2.1.3.2. */
export function verifyInclusion(leaf: Uint8Array, index: number, size: number, path: readonly Uint8Array[], root: Uint8Array): boolean {
  if (index < 0 || index >= size || ![leaf, ...path].every(isHash)) return false;
  let [fn, sn] = [index, size - 1];
  let hash: Buffer = Buffer.from(leaf);
  for (const sibling of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeOf(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else hash = nodeOf(hash, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && hash.equals(root);
}

/** Whether the tree with `olderRoot` is the beginning of that with `root`: RFC 9162, 2.1.4.2. */
export function verifyConsistency(
  older: number,
  olderRoot: Uint8Array,
  size: number,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (older < 1 || older > size || ![olderRoot, ...proof].every(isHash)) return false;
  if (older === size) return proof.length === 0 && Buffer.from(olderRoot).equals(root);
  const isPowerOfTwo = (older & (older - 1)) === 0;
  const path = isPowerOfTwo ? [olderRoot, ...proof] : [...proof];
  if (path.length === 0) return false;
  let [fn, sn] = [older - 1, size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let first: Buffer = Buffer.from(path[0]!);
  let second: Buffer = first;
  for (const hash of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      first = nodeOf(hash, first);
      second = nodeOf(hash, second);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else second = nodeOf(second, hash);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && first.equals(olderRoot) && second.equals(root);
}

const isHash = (bytes: Uint8Array): boolean => bytes.length === HASH_BYTES;

const half = (value: number): number => Math.floor(value / 2);

/** A tree that only grows: keeps the roots of its perfect subtrees, O(log n) of them, and gives the root at any time. */
export function growingTree() {
  const peaks: { readonly height: number; readonly root: Buffer }[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    push(leaf: Uint8Array): void {
      if (!isHash(leaf)) throw new RangeError('a leaf has 32 bytes');
      let height = 0;
      let root: Buffer = Buffer.from(leaf);
      while (peaks.at(-1)?.height === height) {
        root = nodeOf(peaks.pop()!.root, root);
        height += 1;
      }
      peaks.push({ height, root });
      size += 1;
    },
    root(): Buffer {
      if (peaks.length === 0) return emptyRoot();
      return peaks.map(({ root }) => root).reduceRight((right, left) => nodeOf(left, right));
    },
  };
}
