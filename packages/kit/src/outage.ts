import { status } from '@grpc/grpc-js';

const OUTAGES = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.ABORTED, status.CANCELLED]);

/** Nothing is wrong with what was asked: it has to wait. */
export const isOutage = (error: unknown): boolean => OUTAGES.has((error as { code: status }).code);
