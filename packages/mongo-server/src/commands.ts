// Commands as clients send them. A field that is not on a command's list is refused.
import { Double, Int32, Long, ObjectId } from 'bson';
import { pipelineOf } from './aggregate.js';
import { countOf, docOf, documentsOf, hintOf, longOf, namespaceOf, numberOf } from './arguments.js';
import { CATALOGUE } from './catalogue.js';
import type { Cursors } from './cursors.js';
import { Fault, onlyFields, unsupported } from './fault.js';
import { found, projectionOf, sortOf } from './find.js';
import { valuesAt } from './paths.js';
import type { Store } from './store.js';
import { checkDocument, type Doc, encode, isDoc, isNumber, toNumber, type Value } from './values.js';
import { readUpdate, remove, updateMany, upsertOf } from './write.js';

/** A command, and the database that it is for. */
export interface Command {
  readonly body: Doc;
  readonly database: string;
}

export interface Server {
  readonly store: Store;
  readonly cursors: Cursors;
}

type Handler = (server: Server, command: Command) => Doc | Promise<Doc>;
export type Handlers = Readonly<Record<string, { readonly fields: readonly string[]; readonly run: Handler }>>;

// What drivers add to every command. Reads see what is on the disk, writes are answered when they are: no concern asks for more.
const ALWAYS = ['$db', 'lsid', '$readPreference', 'readConcern', 'writeConcern', '$clusterTime', 'comment', 'maxTimeMS', 'apiVersion'];
const LEVELS = new Set(['local', 'available', 'majority', 'linearizable']);
const MAX_BATCH = 100_000;
const FIRST_BATCH = 101;

const int = (value: number) => new Int32(value);

const HANDLERS: Handlers = {
  ...CATALOGUE,
  ping: { fields: [], run: () => ({}) },
  buildInfo: { fields: [], run: () => buildInfo() },
  endSessions: { fields: [], run: () => ({}) },
  insert: {
    fields: ['documents', 'ordered', 'bypassDocumentValidation'],
    run: ({ store }, { body, database }) =>
      store.write(() => {
        const collection = store.ensure(namespaceOf(body.insert, database));
        return writes(documentsOf(body.documents), body.ordered, (doc) => {
          const { _id = new ObjectId(), ...rest } = doc;
          const whole = { _id, ...rest };
          checkDocument(whole);
          if (Array.isArray(whole._id)) throw new Fault('BadValue', "The '_id' value cannot be of type array");
          store.put(collection, undefined, whole);
          return { n: 1 };
        });
      }),
  },
  update: {
    fields: ['updates', 'ordered', 'bypassDocumentValidation'],
    run: ({ store }, { body, database }) =>
      store.write(() => {
        const collection = store.ensure(namespaceOf(body.update, database));
        return writes(documentsOf(body.updates), body.ordered, (one) => {
          onlyFields(one, ['q', 'u', 'multi', 'upsert', 'arrayFilters', 'hint'], 'the field of an update');
          return updateMany(store, collection, one);
        });
      }),
  },
  delete: {
    fields: ['deletes', 'ordered'],
    run: ({ store }, { body, database }) =>
      store.write(() => {
        const collection = store.find(namespaceOf(body.delete, database));
        return writes(documentsOf(body.deletes), body.ordered, (one) => {
          onlyFields(one, ['q', 'limit', 'hint'], 'the field of a deletion');
          if (one.limit === undefined) throw new Fault('FailedToParse', 'a deletion needs a limit');
          return { n: remove(store, collection, docOf(one.q, 'q'), numberOf(one.limit, 0)) };
        });
      }),
  },
  findAndModify: {
    fields: ['query', 'sort', 'remove', 'update', 'new', 'fields', 'upsert', 'arrayFilters', 'bypassDocumentValidation'],
    run: ({ store }, { body, database }) =>
      store.write(() => findAndModify(store, namespaceOf(body.findAndModify ?? body.findandmodify, database), body)),
  },
  find: {
    fields: ['filter', 'sort', 'projection', 'skip', 'limit', 'batchSize', 'singleBatch', 'hint', 'noCursorTimeout', 'allowDiskUse'],
    run({ store, cursors }, { body, database }) {
      const namespace = namespaceOf(body.find, database);
      const project = projectionOf(body.projection);
      const limit = numberOf(body.limit, 0);
      const documents = found(store, store.find(namespace), {
        filter: docOf(body.filter ?? {}, 'filter'),
        sort: sortOf(body.sort),
        skip: countOf(body.skip),
        limit: Math.abs(limit),
        hint: hintOf(body.hint, store.find(namespace)),
      });
      return cursors.open(
        namespace,
        mapped(documents, project),
        numberOf(body.batchSize, FIRST_BATCH),
        body.singleBatch === true || limit < 0,
      );
    },
  },
  aggregate: {
    fields: ['pipeline', 'cursor', 'allowDiskUse', 'hint', 'bypassDocumentValidation'],
    run({ store, cursors }, { body, database }) {
      const namespace = namespaceOf(body.aggregate, database);
      const stages = documentsOf(body.pipeline);
      if (!isDoc(body.cursor)) throw new Fault('FailedToParse', "The 'cursor' option is required");
      pipelineOf(stages);
      // What the first stages ask for, an index finds.
      const filter = isDoc(stages[0]?.$match) ? stages[0].$match : undefined;
      const behindFilter = stages.slice(filter ? 1 : 0);
      const sort = behindFilter[0]?.$sort;
      const limit = behindFilter[1]?.$limit;
      const documents = found(store, store.find(namespace), {
        filter: filter ?? {},
        sort: sortOf(sort),
        limit: sort === undefined ? 0 : numberOf(limit, 0),
        hint: hintOf(body.hint, store.find(namespace)),
      });
      const given = pipelineOf(behindFilter.slice(sort === undefined ? 0 : 1))(documents);
      return cursors.open(namespace, given, numberOf(body.cursor.batchSize, FIRST_BATCH), false);
    },
  },
  getMore: {
    fields: ['collection', 'batchSize'],
    run({ cursors }, { body, database }) {
      return cursors.more(namespaceOf(body.collection, database), longOf(body.getMore), numberOf(body.batchSize, MAX_BATCH));
    },
  },
  killCursors: {
    fields: ['cursors'],
    run({ cursors }, { body, database }) {
      if (!Array.isArray(body.cursors)) throw new Fault('TypeMismatch', 'cursors are expected');
      const ids = body.cursors.map(longOf);
      const namespace = namespaceOf(body.killCursors, database);
      const killed = ids.filter((id) => cursors.kill(namespace, id));
      const longs = (some: readonly bigint[]) => some.map((id) => Long.fromBigInt(id));
      return {
        cursorsKilled: longs(killed),
        cursorsNotFound: longs(ids.filter((id) => !killed.includes(id))),
        cursorsAlive: [],
        cursorsUnknown: [],
      };
    },
  },
  count: {
    fields: ['query', 'limit', 'skip', 'hint'],
    run({ store }, { body, database }) {
      const collection = store.find(namespaceOf(body.count, database));
      const finding = { filter: docOf(body.query ?? {}, 'query'), skip: countOf(body.skip), limit: Math.abs(numberOf(body.limit, 0)) };
      let n = 0;
      for (const _ of found(store, collection, { ...finding, hint: hintOf(body.hint, collection) })) n += 1;
      return { n: int(n) };
    },
  },
  distinct: {
    fields: ['key', 'query', 'hint'],
    run({ store }, { body, database }) {
      if (typeof body.key !== 'string') throw new Fault('TypeMismatch', 'distinct needs a key');
      const values = new Map<string, Value>();
      for (const doc of found(store, store.find(namespaceOf(body.distinct, database)), { filter: docOf(body.query ?? {}, 'query') }))
        for (const value of valuesAt(doc, body.key).flat(1)) if (value !== undefined) values.set(encode(value).toString('latin1'), value);
      return { values: [...values.values()] };
    },
  },
};

export function run(server: Server, command: Command): Doc | Promise<Doc> {
  const name = Object.keys(command.body)[0]!;
  const handler = HANDLERS[name === 'findandmodify' ? 'findAndModify' : name === 'buildinfo' ? 'buildInfo' : name];
  if (!handler)
    throw new Fault('CommandNotFound', `no such command: '${name}' (this is not MongoDB, but a small server that does a part of it)`);
  onlyFields(command.body, [name, ...handler.fields, ...ALWAYS], `${name} with`);
  const { writeConcern, readConcern } = command.body;
  if (isDoc(writeConcern) && isNumber(writeConcern.w) && toNumber(writeConcern.w) !== 1)
    throw unsupported(`the write concern ${toNumber(writeConcern.w)}`);
  if (isDoc(readConcern) && !LEVELS.has(String(readConcern.level ?? 'local'))) throw unsupported(`the read concern ${readConcern.level}`);
  return handler.run(server, command);
}

function findAndModify(store: Store, namespace: string, body: Doc): Doc {
  const collection = store.ensure(namespace);
  const filter = docOf(body.query ?? {}, 'query');
  const project = projectionOf(body.fields);
  const update = body.remove === true ? undefined : readUpdate({ q: filter, u: body.update, arrayFilters: body.arrayFilters });
  const [before] = found(store, collection, { filter, sort: sortOf(body.sort), limit: 1 });
  if (body.remove === true) {
    if (before) store.put(collection, before, undefined);
    return { lastErrorObject: { n: int(before ? 1 : 0) }, value: before ? project(before) : null };
  }
  const after = before || body.upsert === true ? upsertOf(store, collection, update!, before) : undefined;
  const shown = body.new === true ? after : before;
  const isUpsert = !before && after !== undefined;
  return {
    lastErrorObject: { n: int(after ? 1 : 0), updatedExisting: before !== undefined, ...(isUpsert && { upserted: after._id }) },
    value: shown ? project(shown) : null,
  };
}

interface Written {
  readonly n: number;
  readonly nModified?: number;
  readonly upserted?: Value;
}

// One after the other; the first failure ends it unless the order does not matter.
function writes(items: readonly Doc[], ordered: Value, write: (item: Doc) => Written): Doc {
  const result = { n: 0, nModified: 0, upserted: [] as Doc[], writeErrors: [] as Doc[] };
  for (const [index, item] of items.entries()) {
    try {
      const { n, nModified = 0, upserted } = write(item);
      result.n += n;
      result.nModified += nModified;
      if (upserted !== undefined) result.upserted.push({ index: int(index), _id: upserted });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      result.writeErrors.push({ index: int(index), code: int(error.code), errmsg: error.message, ...(error.facts as Doc) });
      if (ordered !== false) break;
    }
  }
  const { n, nModified, upserted, writeErrors } = result;
  return { n: int(n), nModified: int(nModified), ...(upserted.length > 0 && { upserted }), ...(writeErrors.length > 0 && { writeErrors }) };
}

function* mapped<A, B>(items: Iterable<A>, map: (item: A) => B): Generator<B> {
  for (const item of items) yield map(item);
}

const buildInfo = (): Doc => ({
  version: '8.0.0',
  versionArray: [8, 0, 0, 0].map(int),
  modules: [],
  // So that nobody takes it for the real one.
  embedded: '@moa/mongo-server: not MongoDB',
  maxBsonObjectSize: int(16 * 1024 * 1024),
  bits: new Double(64),
});
