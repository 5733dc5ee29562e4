import { isDuplicate } from '@moa/kit/mongo';
import type { Model } from 'mongoose';

/** Inserts in their order, and stops at the first that has its place taken. Gives how many have theirs; throws when nobody knows. */
export async function insertInOrder<T>(model: Model<T>, documents: readonly T[]): Promise<number> {
  try {
    await model.insertMany(documents, { ordered: true, lean: true });
    return documents.length;
  } catch (error) {
    const { writeErrors } = error as { writeErrors?: readonly { index: number }[] };
    if (!isDuplicate(error) || !writeErrors?.[0]) throw error;
    return writeErrors[0].index;
  }
}
