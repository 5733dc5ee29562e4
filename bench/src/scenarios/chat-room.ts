import { randomBytes, randomUUID } from 'node:crypto';
import { Client, type Metadata } from '@grpc/grpc-js';
import { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import { ProjectPublished } from '@moa/contracts/funding/v1/funding_events';
import { certificatesIn } from '@moa/kit';
import { type Connected, openEvents, openTestbed, type Testbed, until } from '@moa/testkit';
import { cpuSeconds, median, startServer } from '../measure.js';
import { openReaders, PUBLISH_PATH, type Readers, received } from '../room-readers.js';
import type { Scenario } from '../scenario.js';
import { openSocketRoom } from '../socket-io.js';

const READERS = 10_000;
/** Each says one thing in a turn. */
const SENDERS = 10;
const TURNS = 5;
const ROOMS = 1_000;
const READERS_OF_A_ROOM = 10;
const OPENED_AT_ONCE = 20;
/** Who sends in many rooms. */
const AT_ONCE = 100;
const GOAL = '>= 0.7';
const TEXT = '오늘 도착한 시제품입니다. 손잡이를 조금 더 둥글게 다듬었어요!';
const bytes = (value: Buffer) => value;

interface Sender {
  readonly token: Metadata;
}

interface Side {
  readonly name: string;
  readonly pid: number;
  readonly readers: Pick<Readers, 'received' | 'ended'>;
  publish(): Promise<unknown>;
  readonly perSecond: number[];
  readonly cpuUs: number[];
}

export const chatRoom: Scenario = {
  name: 'chat-room',
  number: 9,
  title: `one room, ${READERS} readers: messages that were sent, kept and told by chat, against bare grpc-js streams that write the same bytes`,
  goals: [`${GOAL} of its deliveries a second`],
  async run(log) {
    const bed = await openTestbed('bench-chat', { durable: true });
    const certificates = bed.certificates('envoy');
    const service = await startServer('servers/chat.js', {
      ...(await bed.environment('chat')),
      ARCHIVE_KEY: randomBytes(32).toString('base64'),
    });
    const bare = await startServer('servers/bare-room.js', { CERTIFICATES: bed.certificates('chat') });
    const chat = bed.connect(ChatServiceDefinition, service.address);
    const bareClient = new Client(bare.address, certificatesIn(certificates).channel, { 'grpc.ssl_target_name_override': 'localhost' });
    const opened: Readers[] = [];
    const open = async (address: string, roomId: string, after?: number) => {
      const readers = await openReaders(address, certificates, READERS, roomId, after);
      opened.push(readers);
      return readers;
    };
    try {
      const roomId = await openRoom(bed, chat);
      const senders = await Promise.all(Array.from({ length: SENDERS }, () => newSender(bed, chat, roomId)));
      const sendAll = () => Promise.all(senders.map(({ token }) => send(chat, roomId, token)));
      const readers = await open(service.address, roomId);
      const ours: Side = {
        name: 'chat: each message decided, stored (journalled), told over NATS, and written to everybody',
        pid: service.pid,
        readers,
        publish: sendAll,
        perSecond: [],
        cpuUs: [],
      };
      log(`${READERS} read at chat`);
      await sendAll();
      await received(ours.readers, SENDERS * READERS);
      const message = readers.last;
      const limit: Side = {
        name: 'bare grpc-js: the same bytes, written to everybody',
        pid: bare.pid,
        readers: await open(bare.address, roomId),
        publish: () => Promise.all(senders.map(() => publishBare(bareClient, message))),
        perSecond: [],
        cpuUs: [],
      };
      log(`${READERS} read at the bare server; a message has ${message.length} bytes`);
      for (let turn = 0; turn < TURNS; turn++) {
        for (const side of turn % 2 === 0 ? [ours, limit] : [limit, ours]) await measure(side);
        log(`turn ${turn + 1}: ${ours.perSecond.at(-1)!.toFixed(0)} deliveries/s, bare ${limit.perSecond.at(-1)!.toFixed(0)}/s`);
      }
      const last = SENDERS * (TURNS + 1);
      for (const each of opened) each.close();
      await sendAll();
      await received(await open(service.address, roomId, last), SENDERS * READERS);
      log(`all ${READERS} were cut off, ${SENDERS} messages came meanwhile, and everybody got them`);
      opened.at(-1)!.close();
      await manyRooms(bed, chat, service.address, log);
      const beside = await measureSocketIo(message, senders.length);
      return {
        ratios: [{ what: 'deliveries/s of chat / of bare grpc-js', value: median(ours.perSecond) / median(limit.perSecond), goal: GOAL }],
        sides: [ours, limit, beside].map(({ name, perSecond, cpuUs }) => ({
          name,
          values: { deliveriesPerSecond: median(perSecond), cpuUsOfADelivery: median(cpuUs) },
        })),
      };
    } finally {
      for (const each of opened) each.close();
      bareClient.close();
      await Promise.all([service.stop(), bare.stop()]);
      await bed.close();
    }
  },
};

async function measure({ readers, publish, pid, perSecond, cpuUs }: Side): Promise<void> {
  const before = readers.received;
  const [startedMs, cpu] = [performance.now(), cpuSeconds(pid)];
  await publish();
  const deliveries = SENDERS * READERS;
  await received(readers, before + deliveries);
  perSecond.push((deliveries * 1_000) / (performance.now() - startedMs));
  cpuUs.push(((cpuSeconds(pid) - cpu) / deliveries) * 1e6);
}

/** Beside: it keeps nothing, and has no TLS here. */
async function measureSocketIo(message: Buffer, messages: number): Promise<Side> {
  const { pid, readers, publish, close } = await openSocketRoom(READERS);
  const name = 'beside: Socket.IO over WebSockets, the same bytes to a room';
  const publishAll = () => Promise.all(Array.from({ length: messages }, () => publish(message)));
  const side: Side = { name, pid, readers, publish: publishAll, perSecond: [], cpuUs: [] };
  for (let turn = 0; turn < TURNS; turn++) await measure(side);
  await close();
  return side;
}

/** As many readers, in many rooms: one message in each. */
async function manyRooms(bed: Testbed, chat: Connected<typeof ChatServiceDefinition>, address: string, log: (line: string) => void) {
  const rooms: { roomId: string; sender: Sender; readers: Readers }[] = [];
  await Promise.all(
    Array.from({ length: OPENED_AT_ONCE }, async () => {
      for (let count = 0; count < ROOMS / OPENED_AT_ONCE; count++) {
        const roomId = await openRoom(bed, chat);
        const sender = await newSender(bed, chat, roomId);
        rooms.push({ roomId, sender, readers: await openReaders(address, bed.certificates('envoy'), READERS_OF_A_ROOM, roomId) });
      }
    }),
  );
  const startedMs = performance.now();
  const left = [...rooms];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let room = left.pop(); room; room = left.pop()) {
        await send(chat, room.roomId, room.sender.token);
        await received(room.readers, READERS_OF_A_ROOM);
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  log(`${ROOMS} rooms with ${READERS_OF_A_ROOM} readers each: a message in every room was with all of them after ${seconds.toFixed(2)} s`);
  for (const { readers } of rooms) readers.close();
}

async function openRoom(bed: Testbed, chat: Connected<typeof ChatServiceDefinition>): Promise<string> {
  const events = await openEvents(bed);
  const projectId = randomUUID();
  await events.publish(ProjectPublished, ProjectPublished.fromPartial({ projectId, sellerId: randomUUID(), title: '달빛 조명' }));
  await events.close();
  return (await until(() => chat.getRoom({ id: '', projectId }))).room!.id;
}

async function newSender(bed: Testbed, chat: Connected<typeof ChatServiceDefinition>, roomId: string): Promise<Sender> {
  const token = await bed.as(randomUUID());
  await chat.joinRoom({ roomId, nickname: '손님' }, token);
  return { token };
}

const send = (chat: Connected<typeof ChatServiceDefinition>, roomId: string, token: Metadata) =>
  chat.sendMessage({ requestId: randomUUID(), roomId, text: TEXT, imageUrls: [], replyTo: 0n, mentions: [] }, token);

const publishBare = (client: Client, message: Buffer) =>
  new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(PUBLISH_PATH, bytes, bytes, message, (error, value) => (error ? reject(error) : resolve(value!)));
  });
