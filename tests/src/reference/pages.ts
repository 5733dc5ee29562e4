// The generated pages as a whole: written, and compared with what is there.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractsPage } from './contracts.js';
import { reasonsPage } from './reasons.js';

const PAGES = { 'contracts.md': contractsPage, 'reasons.md': reasonsPage };

export function writePages(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, render] of Object.entries(PAGES)) writeFileSync(join(folder, name), render());
}

/** A line for each page that is not what would be generated now. */
export function stalePages(folder: string): string {
  return Object.entries(PAGES)
    .filter(([name, render]) => !existsSync(join(folder, name)) || readFileSync(join(folder, name), 'utf8') !== render())
    .map(([name]) => `docs/reference/${name} is out of date: npm run reference`)
    .join('\n');
}
