// Postgres refuses to run as root: then it runs as another user, who must be able to read its program and own its data.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { User } from './process.js';

const READABLE_PLACE = '/var/tmp';
/** In a place: the path of the folder that it stands for. */
const NOTE = 'stands-for';

/** Whom Postgres runs as when we are root; undefined: as ourselves. Whoever has its data already goes on with it. */
export function unprivilegedUser(dataFolder: string): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(dataFolder, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const { SUDO_UID, SUDO_GID } = process.env;
  if (Number(SUDO_UID) > 0 && Number(SUDO_GID) > 0) return { uid: Number(SUDO_UID), gid: Number(SUDO_GID) };
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function idOf(which: '-u' | '-g'): number {
  const { status, stdout } = spawnSync('id', [which, 'nobody'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : 65_534;
}

export function canExecute(user: User, file: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -r "$1" && test -x "$1"', 'sh', file], { ...user, cwd: '/' }).status === 0;
}

/** A folder that the user can reach: the wanted one, or, where a folder above is closed to him, one for it in a readable place. */
export function reachableFolder(user: User, wanted: string): string {
  let existing = wanted;
  while (!existsSync(existing)) existing = dirname(existing);
  if (canExecute(user, existing)) return wanted;
  return join(readablePlaceFor(wanted), basename(wanted));
}

/** The program, or a copy of the whole installation around it (its share and lib folders) that the user can read. */
export function reachableProgram(user: User, program: string): string {
  if (canExecute(user, program)) return program;
  const installation = dirname(dirname(program));
  const copy = join(readablePlaceFor(installation), 'installation');
  if (!existsSync(copy)) {
    const making = `${copy}.${process.pid}`;
    cpSync(installation, making, { recursive: true, verbatimSymlinks: true });
    if (existsSync(copy)) rmSync(making, { recursive: true });
    else renameSync(making, copy);
  }
  return join(copy, basename(dirname(program)), basename(program));
}

/** Removes what reachableFolder made elsewhere for a folder. */
export function removeElsewhere(wanted: string): void {
  rmSync(placeFor(wanted), { recursive: true, force: true });
}

// A folder that was removed, a test's say, leaves its place behind.
function removeForgotten(): void {
  for (const name of readdirSync(READABLE_PLACE).filter((each) => each.startsWith('moa-'))) {
    const place = join(READABLE_PLACE, name);
    const note = join(place, NOTE);
    if (!existsSync(note) || statSync(note).uid !== process.getuid?.()) continue;
    if (!existsSync(dirname(readFileSync(note, 'utf8')))) rmSync(place, { recursive: true, force: true });
  }
}

const placeFor = (folder: string): string => join(READABLE_PLACE, `moa-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);

function readablePlaceFor(folder: string): string {
  removeForgotten();
  const place = placeFor(folder);
  mkdirSync(place, { recursive: true, mode: 0o755 });
  const { uid, mode } = statSync(place);
  // Anyone may make folders there: what is in one that is not ours is not to be trusted.
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error(`${place} belongs to somebody else: remove it`);
  writeFileSync(join(place, NOTE), folder);
  return place;
}
