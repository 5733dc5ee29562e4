import { v7 } from 'uuid';

/** A new id: a UUIDv7, so that ids sort by their time of birth and indexes grow at their end. */
export const newId = (): string => v7();
