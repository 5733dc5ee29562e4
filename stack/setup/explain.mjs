// Turns what went wrong into what a person can do about it.
const CAUSES = [
  [/ENOSPC|no space left on device|disk quota exceeded/i, 'The disk is full: make room and run it again.'],
  [/EROFS|EACCES|permission denied/i, 'A file or folder may not be written (or run) by this user: see above which, and who owns it.'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_PNPM_META_FETCH_FAIL|ERR_PNPM_FETCH|NewConnectionError|Max retries exceeded|No matching distribution|Could not resolve host/i,
    'A package registry did not answer: check the network, a proxy (HTTPS_PROXY), and the registries that npm and pip are set to.',
  ],
  [
    /ERR_PNPM_OUTDATED_LOCKFILE/,
    'pnpm-lock.yaml does not fit the package.json files: run "npx pnpm@12.21.0 install" and commit the lock file.',
  ],
  [/No module named pip/i, 'Python has no pip: install it (Debian: apt-get install python3-pip), or put the servers on PATH yourself.'],
];

/** An error whose `explained` is for people: what was tried, what came of it, what to do. */
export function explained(what, error, output = '') {
  const said = output.trim();
  const known = CAUSES.find(([pattern]) => pattern.test(`${error.code ?? ''} ${error.message} ${said}`));
  const lines = [`Could not ${what}: ${error.message}`, said === '' ? undefined : said.replaceAll(/^/gm, '    '), known?.[1]];
  return Object.assign(new Error(lines[0], { cause: error }), { explained: lines.filter(Boolean).join('\n') });
}
