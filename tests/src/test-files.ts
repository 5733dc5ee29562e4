// Where tests lie, and what each file declares.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestFile {
  /** The source's path from the root, as people name it. */
  readonly name: string;
  readonly compiled: string;
  /** Tests that the source seems to declare: what counts as failed when the file never says how many there were. */
  readonly declared: number;
}

// Those that start a whole house come first: nobody wants to wait for one of them alone at the end.
const PACKAGES = ['demo', 'tests', 'stack', 'envoy', 'gateway', 'bench'];
const PARENTS_OF_PACKAGES = ['services', 'packages'];

/** Every test file of the repository whose path contains one of the filters, or all of them. */
export function findTestFiles(root: string, filters: readonly string[] = []): TestFile[] {
  const folders = [...PACKAGES, ...PARENTS_OF_PACKAGES.flatMap((parent) => foldersIn(root, parent))];
  const files = folders.flatMap((folder) => testsIn(root, folder).map((path) => testFile(root, folder, path)));
  // What was compiled of a file names it as well.
  const wanted = filters.map((filter) => filter.replace(/^\.\//, '').replace('/dist/', '/').replace(/\.js$/, '.ts'));
  return files.filter(({ name }) => wanted.length === 0 || wanted.some((filter) => name.includes(filter)));
}

/** Most files that one process runs, one after the other: what they load, they load once. */
const TOGETHER = 8;
const ONE_HOUSE = 'tests/tests/one-house/';

/** The files that share a process: those of a service or a package by eights, and those that share a house. Any other is alone. */
export function byProcess(files: readonly TestFile[]): TestFile[][] {
  const processes: TestFile[][] = [];
  const open = new Map<string, TestFile[]>();
  for (const file of files) {
    const place = sharedPlaceOf(file);
    const sharing = place === undefined ? undefined : open.get(place);
    if (sharing && (place === ONE_HOUSE || sharing.length < TOGETHER)) {
      sharing.push(file);
      continue;
    }
    const started = [file];
    processes.push(started);
    if (place !== undefined) open.set(place, started);
  }
  return processes;
}

function sharedPlaceOf({ name }: TestFile): string | undefined {
  if (name.startsWith(ONE_HOUSE)) return ONE_HOUSE;
  const [parent = '', folder] = name.split('/');
  return PARENTS_OF_PACKAGES.includes(parent) ? `${parent}/${folder}` : undefined;
}

/** One test file by its path in its package. */
export function testFile(root: string, folder: string, path: string): TestFile {
  const name = `${folder}/${path}`;
  const declared = readFileSync(join(root, name), 'utf8').match(/^\s*test(\.only)?\(/gm)?.length ?? 0;
  return { name, compiled: join(root, folder, 'dist', path.replace(/\.ts$/, '.js')), declared: Math.max(declared, 1) };
}

function foldersIn(root: string, parent: string): string[] {
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
}

function testsIn(root: string, folder: string): string[] {
  const tests = join(root, folder, 'tests');
  if (!existsSync(tests)) return [];
  const names = readdirSync(tests, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.test.ts')).map((name) => `tests/${name}`);
}
