import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A check that runs one of the workspace's tools; what it says counts when it ends with an error. */
export const tool = (root: string, name: string, args: readonly string[]) => async (): Promise<string> => {
  const child = spawn(join(root, 'node_modules/.bin', name), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = await once(child, 'close');
  return code === 0 ? '' : output.trim() || `${name} ended with ${code}`;
};
