import type { Database, Transaction } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';

export type CouponDatabase = Database<PrismaClient>;
/** The client, inside a transaction or outside one. */
export type Queries = Transaction<PrismaClient>;
