import type { Database } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';

export type PaymentDatabase = Database<PrismaClient>;
