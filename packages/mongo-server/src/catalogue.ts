// Commands about databases, collections and indexes.
import { Int32, Long } from 'bson';
import { docOf, documentsOf, namespaceOf } from './arguments.js';
import type { Command, Handlers } from './commands.js';
import { Fault, onlyFields, unsupported } from './fault.js';
import { directionOf } from './find.js';
import type { Store } from './store.js';
import { type Doc, isDoc } from './values.js';

const int = (value: number) => new Int32(value);

export const CATALOGUE: Handlers = {
  listDatabases: {
    fields: ['nameOnly', 'filter', 'authorizedDatabases'],
    run: ({ store }) => ({ databases: store.databases().map((name) => ({ name })) }),
  },
  listCollections: {
    fields: ['nameOnly', 'filter', 'cursor', 'authorizedCollections'],
    run({ store }, { body, database }) {
      const wanted = isDoc(body.filter) && typeof body.filter.name === 'string' ? body.filter.name : undefined;
      if (isDoc(body.filter)) onlyFields(body.filter, ['name'], 'the filter of listCollections by');
      const names = store.list(database).map(({ namespace }) => namespace.slice(database.length + 1));
      const all = names
        .filter((name) => wanted === undefined || name === wanted)
        .map((name) => ({ name, type: 'collection', options: {} }));
      return wholeCursor(`${database}.$cmd.listCollections`, all);
    },
  },
  create: {
    fields: [],
    run: ({ store }, { body, database }) =>
      store.write(() => {
        const namespace = namespaceOf(body.create, database);
        if (store.find(namespace)) throw new Fault('NamespaceExists', `Collection ${namespace} already exists.`);
        store.ensure(namespace);
        return {};
      }),
  },
  drop: {
    fields: [],
    run: ({ store }, { body, database }) =>
      store.write(() => {
        const collection = store.find(namespaceOf(body.drop, database));
        if (collection) store.drop(collection);
        return {};
      }),
  },
  dropDatabase: {
    fields: [],
    run: ({ store }, { database }) =>
      store.write(() => {
        for (const collection of store.list(database)) store.drop(collection);
        return { dropped: database };
      }),
  },
  createIndexes: { fields: ['indexes', 'commitQuorum'], run: ({ store }, command) => store.write(() => createIndexes(store, command)) },
  listIndexes: {
    fields: ['cursor'],
    run({ store }, { body, database }) {
      const namespace = namespaceOf(body.listIndexes, database);
      const collection = store.find(namespace);
      if (!collection) throw new Fault('NamespaceNotFound', `ns does not exist: ${namespace}`);
      const all = collection.indexes.map(({ name, key, unique, sparse, number }) => ({
        v: int(2),
        key: Object.fromEntries(Object.entries(key).map(([path, direction]) => [path, int(direction)])),
        name,
        ...(unique && number > 0 && { unique }),
        ...(sparse && { sparse }),
      }));
      return wholeCursor(namespace, all);
    },
  },
  dropIndexes: {
    fields: ['index'],
    run: ({ store }, { body, database }) =>
      store.write(() => {
        const collection = store.find(namespaceOf(body.dropIndexes, database));
        if (!collection) throw new Fault('NamespaceNotFound', 'ns not found');
        const wanted = collection.indexes.filter(({ number, name }) => number > 0 && (body.index === '*' || body.index === name));
        if (wanted.length === 0 && body.index !== '*')
          throw new Fault('IndexNotFound', `index not found with name [${String(body.index)}]`);
        const nIndexesWas = int(collection.indexes.length);
        for (const index of wanted) store.dropIndex(collection, index);
        return { nIndexesWas };
      }),
  },
};

function createIndexes(store: Store, { body, database }: Command): Doc {
  const collection = store.ensure(namespaceOf(body.createIndexes, database));
  const numIndexesBefore = int(collection.indexes.length);
  for (const spec of documentsOf(body.indexes)) {
    onlyFields(spec, ['key', 'name', 'unique', 'sparse', 'v', 'background'], 'an index with');
    if (Object.keys(docOf(spec.key, 'key')).some((path) => path.includes('$'))) throw unsupported('an index on a path with $');
    const key = Object.fromEntries(Object.entries(docOf(spec.key, 'key')).map(([path, direction]) => [path, directionOf(path, direction)]));
    const wanted = { name: String(spec.name), key, unique: spec.unique === true, sparse: spec.sparse === true };
    const known = collection.indexes.find((index) => index.name === wanted.name || JSON.stringify(index.key) === JSON.stringify(key));
    if (!known) store.addIndex(collection, wanted);
    else if (
      known.number > 0 &&
      JSON.stringify([known.key, known.unique, known.sparse]) !== JSON.stringify([key, wanted.unique, wanted.sparse])
    )
      throw new Fault('IndexOptionsConflict', `An index with the same name or key already exists with other options: ${known.name}`);
  }
  return { numIndexesBefore, numIndexesAfter: int(collection.indexes.length) };
}

const wholeCursor = (ns: string, firstBatch: readonly Doc[]): Doc => ({ cursor: { id: Long.ZERO, ns, firstBatch: [...firstBatch] } });
