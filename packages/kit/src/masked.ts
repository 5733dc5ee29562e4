import { invalid } from './failure.js';

/** `current` with those fields of `next` that the mask names. Throws INVALID_ARGUMENT for a field that is none. */
export function masked<T extends object>(current: T, next: T | undefined, mask: readonly string[]): T {
  if (mask.length === 0) throw invalid([{ field: 'update_mask', description: 'must name a field' }]);
  const merged = { ...current };
  for (const path of mask) {
    const field = path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as keyof T;
    if (/[A-Z]/.test(path) || !Object.hasOwn(current, field)) {
      throw invalid([{ field: 'update_mask', description: `${path} is no field that can be changed` }]);
    }
    merged[field] = next?.[field] as T[keyof T];
  }
  return merged;
}
