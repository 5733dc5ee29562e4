// MongoDB's wire protocol: OP_MSG, and the OP_QUERY that old drivers begin with. Spec: the "MongoDB Wire Protocol" page of its manual.
import { BSON } from 'bson';
import { Fault } from './fault.js';
import { readDocument } from './store.js';
import { type Doc, isDoc, type Value } from './values.js';

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER = 16;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
export const MAX_MESSAGE = 48_000_000;

export interface Request {
  readonly id: number;
  readonly isLegacy: boolean;
  readonly body: Doc;
}

/** Cuts a stream of bytes into messages. */
export function messageReader(take: (message: Buffer) => void): (bytes: Buffer) => void {
  let waiting: Buffer[] = [];
  let length = 0;
  return (bytes) => {
    waiting.push(bytes);
    length += bytes.length;
    while (length >= 4) {
      if (waiting[0]!.length < 4) waiting = [Buffer.concat(waiting)];
      const size = waiting[0]!.readInt32LE(0);
      if (size < HEADER || size > MAX_MESSAGE) throw new Fault('BadValue', `a message of ${size} bytes`);
      if (length < size) return;
      const all = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting);
      take(all.subarray(0, size));
      waiting = size < all.length ? [all.subarray(size)] : [];
      length -= size;
    }
  };
}

export function readRequest(message: Buffer): Request {
  const id = message.readInt32LE(4);
  const code = message.readInt32LE(12);
  if (code === OP_QUERY) {
    const nameEnd = message.indexOf(0, HEADER + 4);
    return { id, isLegacy: true, body: readDocument(message.subarray(nameEnd + 9)) };
  }
  if (code !== OP_MSG) throw new Fault('BadValue', `a message of the kind ${code}`);
  const flags = message.readUInt32LE(HEADER);
  if (flags & MORE_TO_COME) throw new Fault('BadValue', 'a request without an answer');
  const end = message.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  let body: Doc = {};
  const sequences: [string, Value[]][] = [];
  for (let at = HEADER + 4; at < end; ) {
    const kind = message[at++];
    const size = message.readInt32LE(at);
    if (size < 5 || at + size > end) throw new Fault('BadValue', 'a section that does not fit');
    if (kind === 0) body = readDocument(message.subarray(at, at + size));
    else if (kind === 1) sequences.push(readSequence(message.subarray(at, at + size)));
    else throw new Fault('BadValue', `a section of the kind ${kind}`);
    at += size;
  }
  for (const [name, documents] of sequences) body[name] = documents;
  if (!isDoc(body) || Object.keys(body).length === 0) throw new Fault('BadValue', 'a message without a command');
  return { id, isLegacy: false, body };
}

function readSequence(section: Buffer): [string, Value[]] {
  const nameEnd = section.indexOf(0, 4);
  const documents: Value[] = [];
  for (let at = nameEnd + 1; at < section.length; ) {
    const size = section.readInt32LE(at);
    if (size < 5 || at + size > section.length) throw new Fault('BadValue', 'a document that does not fit');
    documents.push(readDocument(section.subarray(at, at + size)));
    at += size;
  }
  return [section.toString('utf8', 4, nameEnd), documents];
}

export function writeReply({ id, isLegacy }: Request, body: Doc): Buffer {
  const bytes = BSON.serialize(body);
  const head = Buffer.alloc(isLegacy ? 36 : 21);
  head.writeInt32LE(head.length + bytes.length, 0);
  head.writeInt32LE(id, 8);
  head.writeInt32LE(isLegacy ? OP_REPLY : OP_MSG, 12);
  if (isLegacy) head.writeInt32LE(1, 32);
  return Buffer.concat([head, bytes]);
}
