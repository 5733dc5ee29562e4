import { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { ChatServiceDefinition, ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import { policyOf } from '@moa/contracts/method';
import { type Clock, type Documents, openHost, type Running } from '@moa/kit';
import { openDocuments } from '@moa/kit/mongo';
import type { ChatConfig } from './config.js';
import { encodeEntry } from './convert.js';
import { type Allowance, openAllowance } from './domain/allowance.js';
import { ofClosing, ofRooms } from './events/index.js';
import { type Coalesced, coalesced } from './rooms/coalesced.js';
import { joinFrames } from './rooms/frames.js';
import { logLines } from './rooms/log-lines.js';
import { openReaders, type Readers } from './rooms/readers.js';
import { openRoomFeeds, type RoomFeeds } from './rooms/room-feeds.js';
import { openRoomWriter, type RoomWriter } from './rooms/room-writer.js';
import { archiveService } from './rpc/archive.js';
import { chatService, moderationService } from './rpc/index.js';
import { type AccessLog, openAccessLog } from './store/access-log.js';
import { type Models, openModels, WITH_OUTBOX } from './store/models.js';
import { countMembers } from './store/rooms.js';
import { checkpointAll } from './work/checkpoint-job.js';
import { purgeWhenDue } from './work/purge.js';
import { openSigning, type Signing } from './work/signing.js';

const LOOK_EVERY_MS = 1_000;
const CHECKPOINT_EVERY_MS = 3_600_000;
const LOOK_FOR_PURGE_EVERY_MS = 2_000;

export interface Context {
  readonly db: Documents<Models>;
  readonly models: Models;
  readonly writer: RoomWriter;
  readonly feeds: RoomFeeds;
  readonly readers: Readers;
  /** Of messages; and of edits and deletions together. */
  readonly allowances: { readonly send: Allowance; readonly change: Allowance };
  /** Counts a room's members anew. */
  readonly memberCounts: Coalesced;
  readonly accessLog: AccessLog;
  readonly clock: Clock;
  readonly signing: Signing;
}

export async function startChat(config: ChatConfig): Promise<Running> {
  const host = await openHost('chat', config);
  const db = await openDocuments(host, config.MONGODB_URL.reveal(), openModels, WITH_OUTBOX);
  const { models } = db;
  const live = await host.live();
  const feeds = openRoomFeeds(live, logLines(models), host.log);
  const writer = openRoomWriter({ models, log: host.log, wakeRelay: () => db.wakeRelay() }, (roomId, entries, authors) =>
    live.publish(roomId, joinFrames(entries.map((entry) => encodeEntry(entry, true, authors)))),
  );
  const memberCounts = coalesced((roomId) => countMembers(models, roomId));
  const { sendMessage, editMessage } = ChatServiceDefinition.methods;
  const allowances = { send: openAllowance(policyOf(sendMessage).rate!), change: openAllowance(policyOf(editMessage).rate!) };
  const { clock } = host;
  const signing = openSigning(config);
  const accessLog = openAccessLog(models);
  const context: Context = { db, models, writer, feeds, readers: openReaders(), allowances, memberCounts, accessLog, clock, signing };

  host.serve(ChatServiceDefinition, chatService(context));
  host.serve(ModerationServiceDefinition, moderationService(context));
  host.serve(ArchiveServiceDefinition, archiveService(context));
  await host.relay(db);
  host.consume('rooms', db, ofRooms);
  host.consume('closing', db, ofClosing);
  host.job('look', LOOK_EVERY_MS, () => feeds.look());
  host.job('checkpoints', CHECKPOINT_EVERY_MS, (run) => checkpointAll(models, signing, host.log, run));
  host.job('purge', LOOK_FOR_PURGE_EVERY_MS, (run) => purgeWhenDue(models, () => clock.now(), run));
  host.onStop(async () => {
    await writer.drain();
    await memberCounts.drain();
  });
  return host.listen();
}
