// How the story looks on a terminal.

import { MoaError } from '@moa/client/node';

const bold = (text: string) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string) => (process.stdout.isTTY ? `\u001b[2m${text}\u001b[0m` : text);

/** Hangul and other wide characters take two columns. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

export function widthOf(text: string): number {
  return [...text].reduce((width, character) => width + (WIDE.test(character) ? 2 : 1), 0);
}

export function shorten(text: string, width: number): string {
  let short = '';
  for (const character of text) {
    if (widthOf(short + character) > width - 1) return `${short}…`;
    short += character;
  }
  return short;
}

export const won = (amountMinor: bigint | number) => `${amountMinor.toLocaleString('ko-KR')}원`;

export function printHeading(text: string): void {
  console.log(`\n${bold(text)}`);
}

export function printLine(text: string): void {
  console.log(`   ${text}`);
}

/** Does one step of the story, and prints what came of it and how long it took. */
export async function step<T>(title: string, work: () => Promise<T>, outcome: (result: T) => string = () => ''): Promise<T> {
  const started = performance.now();
  const result = await work();
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  const said = outcome(result);
  console.log(`${dim(`${seconds}s`)} ${title}${said ? `: ${said}` : ''}`);
  return result;
}

/** The first column is text, the others are numbers. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], foot?: readonly string[]): void {
  const all = [head, ...rows, ...(foot ? [foot] : [])];
  const widths = head.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
        return column === 0 ? cell + space : space + cell;
      })
      .join('  ');
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  console.log(bold(line(head)));
  console.log(rule);
  for (const row of rows) console.log(line(row));
  if (foot) console.log(`${rule}\n${bold(line(foot))}`);
}

/** True when all of them hold. */
export function printFindings(findings: readonly { readonly says: string; readonly holds: boolean; readonly figures: string }[]): boolean {
  for (const { says, holds, figures } of findings) console.log(`${holds ? '✓' : '✗'} ${says} ${dim(`(${figures})`)}`);
  const broken = findings.filter(({ holds }) => !holds).length;
  console.log(bold(broken === 0 ? `\nAll ${findings.length} hold.` : `\n${broken} of ${findings.length} do not hold.`));
  return broken === 0;
}

export function printRefusal(error: unknown): void {
  console.error(`\n${bold('The story broke off.')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (error instanceof MoaError) console.error({ facts: error.facts, fieldViolations: error.fieldViolations, requestId: error.requestId });
}
