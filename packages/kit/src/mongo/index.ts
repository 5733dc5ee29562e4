export { beyond } from './beyond.js';
export { migrateDocuments } from './migrate.js';
export { connectDocuments, openDocuments } from './open.js';
export { documentOptions } from './options.js';
export { carrying, type DocumentEvent, eventOf, isDuplicate, outboxFields, type WithOutbox, withEvent } from './outbox.js';
