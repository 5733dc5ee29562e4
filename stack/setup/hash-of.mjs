import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';

/** One hash over the names and contents of files and folders; what does not exist counts as absent. */
export function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) add(hash, path);
  return hash.digest('hex');
}

function add(hash, path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    for (const name of readdirSync(path).sort()) add(hash, `${path}/${name}`);
    return;
  }
  hash.update(`\0${path}\0`);
  if (stats) hash.update(readFileSync(path));
}
