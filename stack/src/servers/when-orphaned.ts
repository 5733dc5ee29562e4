import { spawn } from 'node:child_process';

/**
 * Runs a shell script when this process has gone without calling what is given back. The script waits for the pipe from us to
 * close, which it does however we end.
 */
export function whenOrphaned(script: string, ...args: readonly string[]): () => void {
  const watcher = spawn('/bin/sh', ['-c', `read -r told; [ "$told" = done ] || { ${script}; }`, 'sh', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  watcher.on('error', () => {});
  watcher.stdin.on('error', () => {});
  // Neither keeps us alive.
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
  return () => watcher.stdin.end('done\n');
}
