// What queries run on: the client, or a transaction of it.
import type { Transaction } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';

export type Client = PrismaClient;
export type Queries = Transaction<PrismaClient>;
