// A real mongod. No package registry has it: it comes from MongoDB itself, under its own licence, and only when somebody asks for it.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fetchNpm, fetchOnce } from './fetch-package.js';

const NAME = 'mongod';
const VERSION = '8.0.12';
/** Knows where MongoDB keeps which build for which system. */
const FETCHER = { name: 'mongodb-memory-server-core', version: '11.3.0' };

interface Fetcher {
  readonly MongoBinary: { getPath(options: { version: string; downloadDir: string }): Promise<string> };
}

/** Where it is, once it was fetched into a folder. */
export function fetchedMongod(folder: string): string | undefined {
  const own = join(folder, `${NAME}-${VERSION}`);
  const program = existsSync(own) && readdirSync(own).find((file) => file.startsWith('mongod'));
  return program ? join(own, program) : undefined;
}

/** Fetches it, once; some 80 MB. Throws with the other ways to have one. */
export async function fetchMongod(folder: string): Promise<string> {
  try {
    await fetchOnce(folder, NAME, VERSION, 'MongoDB', async (target) => {
      // Otherwise it takes a program from whoever answers.
      process.env['npm_config_strict_ssl'] = 'true';
      const fetcher = await fetchNpm(folder, FETCHER.name, FETCHER.version, () => {});
      const { MongoBinary } = createRequire(join(fetcher, 'package.json'))(`./node_modules/${FETCHER.name}`) as Fetcher;
      await MongoBinary.getPath({ version: VERSION, downloadDir: target });
    });
    return fetchedMongod(folder)!;
  } catch (error) {
    throw Object.assign(new Error('no mongod', { cause: error }), {
      explained: [
        `No mongod could be fetched. ${(error as { explained?: string }).explained ?? (error as Error).message}`,
        'One on PATH is used, too, and so is a running one that MOA_MONGODB_URL names.',
        'Without any, Moa starts the small server of its own: packages/mongo-server.',
      ].join('\n'),
    });
  }
}
