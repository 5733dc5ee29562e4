/** What is done when the last file of a test process has run: for what its files share. */
export const afterFiles = new Set<() => Promise<void>>();
