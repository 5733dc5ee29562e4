// What people may review, learned by events. They may come twice, late and in any order: the newest version wins.
import { isDuplicate } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import type { Models, RightDocument } from './models.js';

const { trusted } = mongoose;

export type Right = Omit<RightDocument, 'version'> & { readonly version: bigint };

export async function saveRight({ rights }: Models, { _id, version: newest, ...right }: Right): Promise<void> {
  const version = Number(newest);
  try {
    await rights.updateOne({ _id, version: trusted({ $lt: version }) }, { $set: { ...right, version } }, { upsert: true });
  } catch (error) {
    // It is there with this version or a newer one.
    if (!isDuplicate(error)) throw error;
  }
}

export const findRight = ({ rights }: Models, subjectId: string): Promise<RightDocument | null> => rights.findById(subjectId).lean();

/** Of some order lines and pledges, those that were given back. */
export async function givenBackOf({ rights }: Models, subjectIds: readonly string[]): Promise<Set<string>> {
  if (subjectIds.length === 0) return new Set();
  const found = await rights.find({ _id: trusted({ $in: [...subjectIds] }), givenBack: true }, { _id: 1 }).lean();
  return new Set(found.map(({ _id }) => _id));
}

/** Who sells a product or project does not change. */
export async function saveSeller({ sellers }: Models, targetId: string, sellerId: string): Promise<void> {
  await sellers.updateOne({ _id: targetId }, { $setOnInsert: { sellerId } }, { upsert: true });
}

export const isSellerOf = async ({ sellers }: Models, targetId: string, accountId: string): Promise<boolean> =>
  (await sellers.exists({ _id: targetId, sellerId: accountId })) !== null;
