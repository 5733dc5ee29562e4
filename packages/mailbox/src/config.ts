// What the mailbox needs to run, and the only reader of its environment.

export interface MailboxConfig {
  /** Both on 127.0.0.1, since anybody who reaches them may write and read; 0 takes a free one. */
  readonly smtpPort: number;
  readonly httpPort: number;
  /** Where the messages are kept; one process for a folder. */
  readonly dataFolder: string;
}

const PORT = /^\d{1,5}$/;

/** Reads the environment; every problem is reported at once. */
export function readMailboxConfig(env: NodeJS.ProcessEnv = process.env): MailboxConfig {
  const problems: string[] = [];
  const port = (name: string): number => {
    const text = env[name] || '0';
    if (!PORT.test(text)) problems.push(`${name} is not a port`);
    return Number(text);
  };
  const dataFolder = env.DATA_FOLDER ?? '';
  if (dataFolder === '') problems.push('DATA_FOLDER is not set');
  const config = { smtpPort: port('SMTP_PORT'), httpPort: port('HTTP_PORT'), dataFolder };
  if (problems.length > 0) throw new Error(`Configuration: ${problems.join('; ')}`);
  return config;
}
