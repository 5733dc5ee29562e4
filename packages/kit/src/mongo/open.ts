// A service's store of documents: MongoDB through mongoose. What is acknowledged is on a majority's disk; a field that the schema does not
// know is refused, in documents and in filters; an operator never comes from a value.
import mongoose, { type Connection } from 'mongoose';
import type { Documents } from '../documents.js';
import type { Host } from '../host.js';
import { documentInbox } from './inbox.js';
import { documentOutbox } from './outbox.js';

const SERVER_SELECTION_MS = 5_000;
const SOCKET_MS = 10_000;

/** The connection's settings, for the service and for its migration step. */
export async function connectDocuments(url: string): Promise<Connection> {
  const connection = mongoose.createConnection(url, {
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
    socketTimeoutMS: SOCKET_MS,
    // Indexes are made by the migration step.
    autoIndex: false,
    autoCreate: false,
    sanitizeFilter: true,
    bufferCommands: false,
  });
  connection.set('strictQuery', 'throw');
  return connection.asPromise();
}

/**
 * Opens the service's documents; closed when the host stops. `models` makes them on the connection, `withOutbox` names the collections whose
 * documents carry events: see outboxFields.
 */
export async function openDocuments<M extends object>(
  host: Host,
  url: string,
  models: (connection: Connection) => M,
  withOutbox: readonly string[],
): Promise<Documents<M>> {
  const connection = await connectDocuments(url);
  const documents: Documents<M> = {
    models: models(connection),
    inbox: documentInbox(connection, () => documents.models),
    outbox: documentOutbox(connection, withOutbox),
    wakeRelay: () => {},
    close: () => connection.close(),
  };
  host.onStop(() => documents.close());
  return documents;
}
