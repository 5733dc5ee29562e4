// The migration step: makes the indexes. Runs before the service starts, as often as you like.
import { migrateDocuments } from '@moa/kit/mongo';
import { readMigrationConfig } from './config.js';
import { openModels } from './store/models.js';

await migrateDocuments(readMigrationConfig().MONGODB_URL.reveal(), openModels);
