// Finds a real Chromium, or installs Debian's where that is allowed.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The path of a Chromium: CHROMIUM in the environment, one on PATH, or Debian's, which root may install. Throws what to do otherwise. */
export function findChromium(): string {
  const found = process.env['CHROMIUM'] ?? onPath() ?? (existsSync(MAC) ? MAC : undefined);
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.error("installing Debian's chromium ...");
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    execFileSync('apt-get', ['update', '-q'], options);
    execFileSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'chromium'], options);
    return onPath()!;
  }
  throw new Error('The browser test needs Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM to its path.');
}

function onPath(): string | undefined {
  for (const name of NAMES) {
    const path = (process.env['PATH'] ?? '')
      .split(':')
      .map((folder) => `${folder}/${name}`)
      .find((candidate) => existsSync(candidate));
    if (path) return path;
  }
  return undefined;
}
