// Each process's output goes into a file of its own; what a service of ours says is shown, too, but not a line for every call.
import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MAX_BYTES = 50 << 20;
const NAME_WIDTH = 9;

export interface Logs {
  /** Takes the lines of one process. `shown`: also prints them. */
  of(name: string, shown: boolean): (line: string) => void;
}

export const logFile = (folder: string, name: string): string => join(folder, `${name}.log`);

export function openLogs(folder: string, print: (line: string) => void): Logs {
  mkdirSync(folder, { recursive: true });
  return {
    of(name, shown) {
      const file = logFile(folder, name);
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
      const stream = createWriteStream(file, { flags: 'a' });
      // A full disk must not take the stack down with it.
      stream.on('error', () => {});
      return (line) => {
        stream.write(`${line}\n`);
        if (!shown) return;
        const text = readable(line);
        if (text !== undefined) print(labelled(name, text));
      };
    },
  };
}

export const labelled = (name: string, line: string): string => `${name.padEnd(NAME_WIDTH)} | ${line}`;

// Services write JSON for machines; here a person reads along. Undefined for the line of a call that went as it should.
function readable(line: string): string | undefined {
  if (!line.startsWith('{')) return line;
  try {
    const { level, time: _time, service: _service, msg = '', err, ...facts } = JSON.parse(line);
    if ((facts.rpc ?? facts.route) !== undefined && level === 'info') return undefined;
    const rest = Object.entries(facts).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    return [level === 'info' ? msg : `${level}: ${msg}`, ...rest, ...(err ? [err.stack ?? err.message] : [])].join('  ');
  } catch {
    return line;
  }
}
