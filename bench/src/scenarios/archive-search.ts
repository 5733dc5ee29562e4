import { randomBytes, randomUUID } from 'node:crypto';
import { openModels } from '@moa/chat/models';
import { Format, type Query } from '@moa/contracts/chat/v1/archive';
import { ArchiveServiceDefinition, type SearchMessagesResponse } from '@moa/contracts/chat/v1/archive_service';
import { connectDocuments } from '@moa/kit/mongo';
import { openTestbed } from '@moa/testkit';
import { fillArchive, openDriver, WORD } from '../archive.js';
import { alternate, startServer } from '../measure.js';
import type { Figures, Ratio, Scenario } from '../scenario.js';

/** Fewer for a look: the figures of the table are of a million. */
const MESSAGES = Number(process.env['MESSAGES'] ?? 1_000_000);
const PAGE = 20;
const BIG_PAGE = 100;
const DEEPEST = 10_000;
const CALLERS = 1;
const DRIVER = '>= 0.9';
const FLAT = '<= 1.2';

export const archiveSearch: Scenario = {
  name: 'archive-search',
  number: 10,
  title: `search of a word in ${MESSAGES} messages, the first page and page ${DEEPEST}: the archive (with state of each, and its access log), against the driver`,
  goals: [`${DRIVER} of the driver's pages a second`, `p99 of the deep page ${FLAT} of page 1`],
  async run(log) {
    const bed = await openTestbed('bench-archive', { durable: true });
    const environment: Record<string, string> = { ...(await bed.environment('chat')), ARCHIVE_KEY: randomBytes(32).toString('base64') };
    const connection = await connectDocuments(environment['MONGODB_URL']!);
    const models = openModels(connection);
    const { version, embedded } = (await connection.db!.admin().buildInfo()) as { version: string; embedded?: string };
    log(`the server is ${embedded ?? `MongoDB ${version}`}`);
    const { count, roomId, ofRoom } = await fillArchive(models, environment['MONGODB_URL']!, MESSAGES, log);
    const service = await startServer('servers/chat.js', environment);
    try {
      const archive = bed.connect(ArchiveServiceDefinition, service.address);
      const token = await bed.as(randomUUID(), 'COMPLIANCE');
      const search = (pageToken: string, pageSize = PAGE): Promise<SearchMessagesResponse> =>
        archive.searchMessages({ cause, query: { ...ANY, text: WORD }, pageSize, pageToken }, token);
      // Every fourth message has the word; before the last page there are less when there are fewer messages.
      const deepPage = Math.min(DEEPEST, Math.floor(count / 4 / PAGE) - 1);
      const walkedMs = performance.now();
      let deep = '';
      for (let page = 0; page < (deepPage * PAGE) / BIG_PAGE; page++) deep = (await search(deep, BIG_PAGE)).nextPageToken;
      const [at] = (await search(deep, 1)).entries;
      log(`page ${deepPage} begins at ${at!.createTime!.toISOString()}: ${((performance.now() - walkedMs) / 1000).toFixed(0)} s of pages`);

      const driver = Object.entries(await openDriver(models, PAGE));
      const sides: Figures[] = [{ name: 'messages', values: { count } }];
      const ratios: Ratio[] = [];
      const p99Ms: number[] = [];
      for (const { page, pageToken, before } of [
        { page: 1, pageToken: '', before: undefined },
        { page: deepPage, pageToken: deep, before: at!.createTime! },
      ]) {
        for (const [name, call] of driver) {
          const ourSide = { call: () => search(pageToken), pid: service.pid };
          const [ours, theirs] = await alternate(ourSide, { call: () => call(before), pid: process.pid }, CALLERS);
          sides.push({ name: `archive, page ${page}`, values: { ...ours } }, { name: `${name}, page ${page}`, values: { ...theirs } });
          const value = ours.callsPerSecond / theirs.callsPerSecond;
          ratios.push({ what: `pages a second at page ${page}, archive / ${name}`, value, goal: DRIVER });
          if (name === driver[0]![0]) p99Ms.push(ours.p99Ms);
        }
      }
      ratios.push({ what: `p99 of the archive, page ${deepPage} / page 1`, value: p99Ms[1]! / p99Ms[0]!, goal: FLAT });
      const other = await bed.as(randomUUID(), 'COMPLIANCE');
      sides.push(
        await speedOf('messages verified', ofRoom, async () => {
          let isIntact = false;
          for await (const { intact } of archive.verifyRoom({ cause, roomId }, token)) isIntact = intact;
          if (!isIntact) throw new Error('the room is not as it was written');
        }),
      );
      const wish = { requestId: randomUUID(), cause, query: { ...ANY, roomId }, format: Format.FORMAT_NDJSON };
      const { request } = await archive.requestExport(wish, token);
      await archive.approveRequest({ requestId: randomUUID(), cause, id: request!.id }, other);
      sides.push(
        await speedOf('messages exported', ofRoom, async () => {
          for await (const _ of archive.exportMessages({ cause, exportId: request!.id }, token));
        }),
      );
      return { ratios, sides };
    } finally {
      await service.stop();
      await connection.close();
      await bed.close();
    }
  },
};

const cause = { caseId: 'BENCH', purpose: 'a benchmark' };
const ANY: Query = {
  text: '',
  roomId: '',
  projectId: '',
  authorId: '',
  kind: 0,
  startTime: undefined,
  endTime: undefined,
  reported: false,
  deleted: false,
  hidden: false,
};

async function speedOf(what: string, messages: number, work: () => Promise<void>): Promise<Figures> {
  const startedMs = performance.now();
  await work();
  return { name: what, values: { messages, perSecond: messages / ((performance.now() - startedMs) / 1000) } };
}
