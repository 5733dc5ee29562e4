/** What the files of a test process share, and close after the last of them. */
const shared = new Map<string, Promise<{ close(): Promise<void> }>>();

/** The same for all files of a process that ask for that name: opened for the first of them. */
export function sharedByFiles<T extends { close(): Promise<void> }>(name: string, open: () => Promise<T>): Promise<T> {
  const there = shared.get(name) ?? open();
  shared.set(name, there);
  return there as Promise<T>;
}

export async function closeShared(): Promise<void> {
  for (const one of shared.values()) await (await one).close();
}
