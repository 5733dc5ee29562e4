// Where a server's program comes from: PATH, or a package manager.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { explained } from '#setup/explain.mjs';
import { run } from '#setup/run-command.mjs';

export interface ServerSource {
  readonly title: string;
  /** What it may be called on PATH. */
  readonly programs: readonly string[];
  readonly minimum: string;
  /** The variable that points to a running one. */
  readonly variable?: string;
  readonly fetchedFrom: string;
  /** Fetches it into a folder, once, and gives the path of the program. */
  readonly fetch: (folder: string) => Promise<string>;
}

/** The path of a program that is new enough. Throws with the choices that there are. */
export async function findServer(source: ServerSource, folder: string, path = process.env['PATH'] ?? ''): Promise<string> {
  const { program, tooOld } = await findOnPath(source, path);
  if (program) return program;
  try {
    return await source.fetch(folder);
  } catch (error) {
    const reason = (error as { explained?: string }).explained ?? (error as Error).message;
    throw Object.assign(new Error(`no ${source.title}`, { cause: error }), {
      explained: [
        `No ${source.title} to start. ${reason}`,
        `Moa takes the first of these:`,
        source.variable && `  - ${source.variable} in the environment, the address of a running one`,
        `  - ${source.programs.join(' or ')} ${source.minimum} or newer on PATH${tooOld.map((found) => ` (${found})`).join('')}`,
        `  - what it fetches itself: ${source.fetchedFrom}`,
      ]
        .filter(Boolean)
        .join('\n'),
    });
  }
}

/** The first on PATH that is new enough, and what there was besides. */
export async function findOnPath(
  { programs, minimum }: Pick<ServerSource, 'programs' | 'minimum'>,
  path = process.env['PATH'] ?? '',
): Promise<{ readonly program?: string; readonly tooOld: readonly string[] }> {
  const tooOld: string[] = [];
  for (const program of programs.flatMap((name) => onPath(name, path))) {
    const version = await versionOf(program);
    if (version && atLeast(version, minimum)) return { program, tooOld };
    tooOld.push(`${program} is ${version ?? 'of an unknown version'}`);
  }
  return { tooOld };
}

function onPath(program: string, path: string): string[] {
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, program))
    .filter(isExecutable)
    .slice(0, 1);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function versionOf(program: string): Promise<string | undefined> {
  const output = await run(program, ['--version']).catch((error) => {
    throw explained(`ask ${program} for its version`, error);
  });
  // "postgres (PostgreSQL) 15.18", "nats-server: v2.15.1", "Redis server v=7.0.15", "envoy  version: <hash>/1.40.0/Clean"
  return /(?<![\w.])v?=?(\d+\.\d+(\.\d+)?)/.exec(output)?.[1];
}

export function atLeast(version: string, minimum: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, wanted] of minimum.split('.').map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
