// Many at once, but not all: as many calls in flight as a crowd would have.

export async function atOnce<T, R>(limit: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lanes = Array.from({ length: Math.min(limit, items.length) }, async () => {
    while (next < items.length) {
      const nth = next++;
      results[nth] = await work(items[nth] as T);
    }
  });
  await Promise.all(lanes);
  return results;
}
