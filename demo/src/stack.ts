// The stack that is running, or one of its own in a temporary folder.

export interface PlayableStack {
  /** Moa's door. */
  readonly url: string;
  readonly own: boolean;
  readonly admin: { readonly email: string; readonly password: string };
  /** By service, as the server's owner. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly provider: { readonly url: string; readonly apiKey: string };
  readonly natsMonitorUrl: string;
  now(): Date;
  shiftClock(byMs: number): Promise<void>;
  close(): Promise<void>;
}

export async function openStack(): Promise<PlayableStack> {
  throw new Error('not yet');
}
