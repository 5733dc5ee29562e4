export interface Explained extends Error {
  readonly explained: string;
}
export function explained(what: string, error: Error & { code?: string }, output?: string): Explained;
