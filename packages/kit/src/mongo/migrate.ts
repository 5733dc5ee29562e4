// The migration step of a store of documents: makes the indexes that the schemas name. Runs before the service starts, as often as you like.
import type { Connection, Model } from 'mongoose';
import { connectDocuments } from './open.js';

/** What the kit itself looks up: see inbox.ts. */
const KIT_INDEXES = [{ collection: 'failed_events', key: { consumer: 1, createTime: 1 } }] as const;

/**
 * Makes collections and indexes. An index that the schemas do not name any more is left: whoever drops one says so in a step of its own.
 *
 *     await migrateDocuments(process.env.MONGODB_URL, openModels);
 */
export async function migrateDocuments(url: string, models: (connection: Connection) => object): Promise<void> {
  const connection = await connectDocuments(url);
  try {
    for (const model of Object.values(models(connection)) as Model<unknown>[]) {
      for (const [key, options] of model.schema.indexes()) {
        await connection.collection(model.collection.name).createIndex(key as Record<string, 1 | -1>, indexOptions(options));
      }
    }
    for (const { collection, key } of KIT_INDEXES) await connection.collection(collection).createIndex(key);
  } finally {
    await connection.close();
  }
}

// Of what mongoose adds, only these matter.
const indexOptions = ({ unique, sparse, name }: { unique?: unknown; sparse?: unknown; name?: string }) => ({
  ...(unique ? { unique: true } : {}),
  ...(sparse ? { sparse: true } : {}),
  ...(name && { name }),
});
