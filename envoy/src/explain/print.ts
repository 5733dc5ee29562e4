// How explanations look in a terminal.
import type { Rpc } from '@moa/contracts/descriptors';
import { DEFAULT_RATE } from '../limits.js';
import type { Explanation } from './explain.js';
import { shortName } from './find-rpc.js';
import { callersInWords, rateInWords } from './words.js';

const TEXT_WIDTH = 100;
const NAME_WIDTH = 12;

/** How a text stands out, or steps back. Plain where nobody sees colours. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

export const plain: Paint = { strong: (text) => text, faint: (text) => text };

export const coloured: Paint = { strong: (text) => `\x1b[1m${text}\x1b[22m`, faint: (text) => `\x1b[2m${text}\x1b[22m` };

export function printExplanation({ path, comment, facts }: Explanation, { strong, faint }: Paint = plain): string {
  const blocks = facts.map(({ name, says, writtenAt }) => {
    const lines = [...says.flatMap((sentence) => wrapped(sentence)), ...writtenAt.map((place) => faint(`→ ${place}`))];
    return lines.map((line, index) => `  ${index === 0 ? strong(name.padEnd(NAME_WIDTH)) : ' '.repeat(NAME_WIDTH)}${line}`).join('\n');
  });
  return [strong(path), ...wrapped(comment).map((line) => `  ${line}`), '', blocks.join('\n\n')].join('\n');
}

/** All RPCs with the most important of each, under the names of their services. */
export function printTable(rpcs: readonly Rpc[], { strong }: Paint = plain): string {
  const rows = rpcs.map((rpc) => ({ rpc, cells: [rpc.method, callersInWords(rpc), timeoutOf(rpc), repeatOf(rpc), limitOf(rpc)] }));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map(({ cells }) => cells[column]!.length)));
  const services = [...new Set(rpcs.map(({ service }) => service))];
  const tables = services.map((service) => {
    const lines = rows
      .filter(({ rpc }) => rpc.service === service)
      .map(({ cells }) => `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
    return [strong(service), ...lines].join('\n');
  });
  return [...tables, `Where no limit is named: ${rateInWords(DEFAULT_RATE)}. INTERNAL RPCs have none.`].join('\n\n');
}

/** Which RPCs a text may have meant. */
export const printNames = (rpcs: readonly Rpc[]): string => rpcs.map((rpc) => `  ${shortName(rpc).padEnd(40)} ${rpc.path}`).join('\n');

const timeoutOf = ({ timeoutMs }: Rpc) => (timeoutMs > 0 ? `${timeoutMs / 1000} s` : 'stream');
const repeatOf = ({ repeatable }: Rpc) => (repeatable ? 'repeatable' : '');
const limitOf = ({ access, rate }: Rpc) => (access.$case === 'internal' || !rate ? '' : rateInWords(rate));

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter(Boolean)) {
    if (line && line.length + 1 + word.length > TEXT_WIDTH) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, line] : lines;
}
