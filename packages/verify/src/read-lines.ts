// Lines and rows of a file, without having the whole of it in memory.
import { StringDecoder } from 'node:string_decoder';

/** More than any entry needs. A file without line ends must not fill the memory. */
const MAX_CHARACTERS = 4 << 20;

/** Of NDJSON, without their line ends. Throws a RangeError for one that is too long. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split('\n');
    rest = lines.pop()!;
    checkLength(rest);
    yield* lines;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}

/**
 * Rows of CSV by RFC 4180, each with its cells: quoted ones may hold commas, quotes and line ends. A row that is none (a quote in the middle of
 * a cell, or no end of one) has no cells. Throws a RangeError for a row that is too long.
 */
export async function* rowsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  let row = '';
  let isQuoteOpen = false;
  for await (const line of linesOf(chunks)) {
    row += isQuoteOpen ? `\n${line}` : line;
    checkLength(row);
    // Inside of quotes, two of them stand for one: an odd number leaves them open.
    if (quotesIn(line) % 2 === 1) isQuoteOpen = !isQuoteOpen;
    if (isQuoteOpen) continue;
    yield cellsOf(row.endsWith('\r') ? row.slice(0, -1) : row);
    row = '';
  }
  if (row !== '') yield [];
}

function checkLength(text: string): void {
  if (text.length > MAX_CHARACTERS) throw new RangeError(`a line has more than ${MAX_CHARACTERS} characters`);
}

function quotesIn(line: string): number {
  let count = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) count += 1;
  return count;
}

function cellsOf(row: string): string[] {
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|$)/y;
  const cells: string[] = [];
  for (;;) {
    const found = cell.exec(row);
    if (!found) return [];
    cells.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    if (found[3] === '') return cells;
  }
}
