// What the tests of chat share: the service in this process, rooms and people.
import { randomBytes, randomUUID } from 'node:crypto';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { ChatServiceDefinition, ModerationServiceDefinition, type StreamMessagesResponse } from '@moa/contracts/chat/v1/chat_service';
import { ProjectPublished } from '@moa/contracts/funding/v1/funding_events';
import { originAt, readConfig } from '@moa/kit';
import { connectDocuments } from '@moa/kit/mongo';
import { openEvents, openTestbed, reasonOf } from '@moa/testkit';
import { commitmentOf, entryHash, hex, ZERO } from '@moa/verify';
import { variables } from '../src/config.js';
import { startChat } from '../src/service.js';
import { join } from '../src/store/members.js';
import { openModels } from '../src/store/models.js';
import { openRoom, roomIdOf } from '../src/store/rooms.js';

export const bed = await openTestbed('chat');
/** Of this run only. */
const ARCHIVE_KEY = randomBytes(32).toString('base64');
export const environment: Record<string, string> = { ...(await bed.environment('chat')), ARCHIVE_KEY };
const connection = await connectDocuments(environment['MONGODB_URL']!);
/** The store, behind the service's back. */
export const models = openModels(connection);
export const events = await openEvents(bed);

export const clientsOf = (address: string) => ({
  address,
  chat: bed.connect(ChatServiceDefinition, address),
  moderation: bed.connect(ModerationServiceDefinition, address),
  archive: bed.connect(ArchiveServiceDefinition, address),
});

export type Clients = ReturnType<typeof clientsOf>;

/** What the service is told. */
export const config = (more: Record<string, string> = {}) => readConfig(variables, { ...environment, ...more });

export async function openChat(more: Record<string, string> = {}) {
  const running = await startChat(config(more));
  const openStreams = async () => {
    const metrics = await (await fetch(`http://${running.metricsAddress}/metrics`)).text();
    return Number(/^moa_open_streams\S* (\d+)/m.exec(metrics)![1]);
  };
  return { ...clientsOf(running.address), openStreams, stop: () => running.stop() };
}

export async function closeBed(...stops: (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops) await stop();
  await events.close();
  await connection.close();
  await bed.close();
}

export const staff = () => bed.as(randomUUID(), 'ADMIN');

/** A room as a published project has it, without waiting for the event. */
export async function newRoom(sellerId: string = randomUUID()): Promise<string> {
  const projectId = randomUUID();
  await openRoom(models, originAt(bed.now()), { projectId, sellerId, title: '달빛 조명' });
  return roomIdOf(projectId);
}

export const publishProject = (projectId: string, sellerId: string) =>
  events.publish(ProjectPublished, ProjectPublished.fromPartial({ projectId, sellerId, title: '달빛 조명' }));

/** A person who is in a room. */
export async function newMember(roomId: string, nickname = '하늘', accountId: string = randomUUID()) {
  await join(models, roomId, accountId, nickname, bed.now());
  return { accountId, token: await bed.as(accountId) };
}

export type Person = Awaited<ReturnType<typeof newMember>>;

export const said = (roomId: string, text: string, more: object = {}) => ({
  requestId: randomUUID(),
  roomId,
  text,
  imageUrls: [],
  replyTo: 0n,
  mentions: [],
  ...more,
});

/** Says something, and gives its sequence. */
export async function say({ chat }: Clients, { token }: Person, roomId: string, text: string, more: object = {}): Promise<bigint> {
  return (await chat.sendMessage(said(roomId, text, more), token)).message!.sequence;
}

/** Messages that stand in a room's log already: made by many, so that nobody is too fast. */
export async function fill(clients: Clients, roomId: string, count: number): Promise<void> {
  const people = await Promise.all(Array.from({ length: Math.ceil(count / 20) }, () => newMember(roomId)));
  for (let first = 0; first < count; first += people.length)
    await Promise.all(people.slice(0, count - first).map((person, index) => say(clients, person, roomId, `${first + index}번째 이야기`)));
}

/** What is wrong with a room's log: gaps, a broken chain, changed entries. Nothing, or a line for each. */
export async function faultsOf(roomId: string): Promise<string[]> {
  const log = await models.entries.find({ roomId }).sort({ sequence: 1 }).lean();
  let previous: Uint8Array = ZERO;
  return log.flatMap((entry, index) => {
    const { sequence, content, nonce, commitment, hash } = entry;
    const facts = { ...entry, room: roomId, author: entry.authorId };
    const faults = [
      sequence !== index + 1 && 'is out of its place',
      entry.previous !== hex(previous) && 'does not follow on the one before',
      hex(commitmentOf(content!, Buffer.from(nonce!, 'hex'))) !== commitment && 'says something else',
      hex(entryHash(facts, Buffer.from(commitment, 'hex'), previous)) !== hash && 'has another hash',
    ];
    previous = Buffer.from(hash, 'hex');
    return faults.filter((fault) => fault !== false).map((fault) => `${sequence} ${fault}`);
  });
}

/** Reads a stream in the background: the entries that came, and how it ended. */
export function follow(stream: ClientReadableStream<StreamMessagesResponse>) {
  const seen: StreamMessagesResponse[] = [];
  let outcome: string | undefined;
  stream
    .on('data', (message) => seen.push(message))
    .on('end', () => {
      outcome ??= 'OK';
    })
    .on('error', (error) => {
      outcome = reasonOf(error) ?? error.message;
    });
  return {
    stream,
    signs: () => seen.filter(({ entry }) => !entry).length,
    entries: () => seen.flatMap(({ entry }) => entry ?? []),
    sequences: () => seen.flatMap(({ entry }) => (entry ? Number(entry.sequence) : [])),
    outcome: () => outcome,
    cancel: () => stream.cancel(),
  };
}

export const from = (roomId: string, after = 0) => ({ roomId, after: BigInt(after), fromNow: false });
export const upTo = (last: number, after = 0) => Array.from({ length: last - after }, (_, index) => after + index + 1);

/** The reason of a refusal; fails the test when there was none. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => new Error('was not refused'),
    (error: unknown) => error,
  );
  return reasonOf(error) ?? String(error);
}
