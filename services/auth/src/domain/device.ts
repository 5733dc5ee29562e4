const LENGTH_AT_MOST = 100;

/** What a session is called: as its owner said, or else as the caller's program calls itself. */
export const deviceOf = (said: string, agent: string | undefined): string => (said || (agent ?? '')).trim().slice(0, LENGTH_AT_MOST);
