import { isDuplicate } from '@moa/kit/mongo';
import { DEFAULT_POLICY, type Policy } from '../domain/retention.js';
import { fail } from '../errors.js';
import { dropClaims } from './holds.js';
import type { Models } from './models.js';

const POLICY = 'policy';

export const readPolicy = async ({ policies }: Models): Promise<Policy> => (await policies.findById(POLICY).lean()) ?? DEFAULT_POLICY;

/** Changes the policy as somebody has read it. What a purge is about to erase by the old one, it leaves. */
export async function changePolicy(models: Models, { version, days, projects }: Policy): Promise<Policy> {
  const next = { version: version + 1, days, projects };
  if (!(await replace(models, version, next))) throw fail('POLICY_CHANGED');
  await dropClaims(models, {});
  return next;
}

async function replace({ policies }: Models, version: number, next: Policy): Promise<boolean> {
  if (version > 0) return (await policies.updateOne({ _id: POLICY, version }, { $set: next })).matchedCount > 0;
  try {
    await policies.create({ _id: POLICY, ...next });
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}
