import type { Model } from 'mongoose';

interface Counted {
  readonly _id: string;
  readonly version: number;
  readonly uncountedTime?: Date | undefined;
}

/** They are in the count as they were read; what was changed since is counted again. */
export async function noteCounted<D extends Counted>(model: Model<D>, counted: readonly Pick<Counted, '_id' | 'version'>[]): Promise<void> {
  if (counted.length === 0) return;
  await (model as unknown as Model<Counted>).bulkWrite(
    counted.map(({ _id, version }) => ({ updateOne: { filter: { _id, version }, update: { $unset: { uncountedTime: 1 } } } })),
    { ordered: false },
  );
}
