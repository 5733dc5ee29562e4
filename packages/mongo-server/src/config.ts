// The environment of the server as a process: LISTEN, DATA_FOLDER, USERS_FILE (JSON: see Users), DURABLE=false.
import { readFileSync } from 'node:fs';
import type { MongoServerOptions } from './server.js';

export function readConfig(
  { LISTEN = '127.0.0.1:0', DATA_FOLDER, USERS_FILE, DURABLE }: NodeJS.ProcessEnv = process.env,
): MongoServerOptions {
  if (!DATA_FOLDER) throw new Error('DATA_FOLDER is missing');
  const users = USERS_FILE ? { users: JSON.parse(readFileSync(USERS_FILE, 'utf8')) } : {};
  return { listen: LISTEN, dataFolder: DATA_FOLDER, durable: DURABLE !== 'false', ...users };
}
