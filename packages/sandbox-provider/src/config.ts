// What the provider needs to run, and the only reader of its environment.

export interface ProviderConfig {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Where the journal is kept. */
  readonly dataFolder: string;
  /** What a merchant sends as bearer token. */
  readonly apiKey: string;
  /** Where webhooks go; none are sent without it. */
  readonly webhookUrl?: string;
  readonly webhookSecret: string;
  /** Decides which charges a fault with a rate hits. */
  readonly seed?: number;
  /** Told what happens; silent by default. */
  readonly log?: (line: string) => void;
}

const HOST_AND_PORT = /^[^:]+:\d{1,5}$/;

/** Reads the environment; every problem is reported at once, and no value is printed. */
export function readProviderConfig(env: NodeJS.ProcessEnv = process.env): ProviderConfig {
  const problems: string[] = [];
  const need = (name: string): string => {
    const value = env[name];
    if (!value) problems.push(`${name} is not set`);
    return value ?? '';
  };
  const listen = env.LISTEN || '127.0.0.1:0';
  if (!HOST_AND_PORT.test(listen)) problems.push('LISTEN is not host:port');
  const webhookUrl = env.WEBHOOK_URL || undefined;
  if (webhookUrl && !URL.canParse(webhookUrl)) problems.push('WEBHOOK_URL is not a URL');
  const seed = Number(env.SEED || 1);
  if (!Number.isSafeInteger(seed)) problems.push('SEED is not a whole number');
  const config = {
    listen,
    dataFolder: need('DATA_FOLDER'),
    apiKey: need('API_KEY'),
    webhookSecret: need('WEBHOOK_SECRET'),
    seed,
    ...(webhookUrl ? { webhookUrl } : {}),
  };
  if (problems.length > 0) throw new Error(`Configuration: ${problems.join('; ')}`);
  return config;
}
