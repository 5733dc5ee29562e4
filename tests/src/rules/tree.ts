// The sources of a repository as the house rules see them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without its comments, line by line as before. */
  readonly code: string;
}

export interface Tree {
  readonly root: string;
  readonly sources: readonly Source[];
}

/** A place that breaks a rule. */
export interface Broken {
  readonly path: string;
  readonly line?: number;
  readonly why: string;
}

export interface Rule {
  /** The rule in the words of the architecture. */
  readonly says: string;
  readonly check: (tree: Tree) => Broken[];
}

const READ = /\.(ts|tsx|mjs|js|proto|md)$/;
const LEFT_OUT = /^(node_modules|dist|generated|\..*)$/;
const GENERATED = /^packages\/contracts\/src\/(moa|google|buf)$/;
// Its fixtures break the rules on purpose.
const FIXTURES = 'tests/tests/house-rules.test.ts';

export function readTree(root: string): Tree {
  const sources: Source[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!LEFT_OUT.test(entry.name) && !GENERATED.test(path)) walk(path);
      } else if (entry.isFile() && READ.test(entry.name) && path !== FIXTURES) {
        const text = readFileSync(join(root, path), 'utf8');
        sources.push({ path, text, code: withoutComments(text) });
      }
    }
  };
  walk('');
  return { root, sources };
}

export const isCode = ({ path }: Source) => /\.(ts|tsx|mjs|js)$/.test(path);
export const isTest = ({ path }: Source) => /(^|\/)tests\//.test(path.replace(/^tests\/src\//, ''));

/** Every match of a pattern in the code of a source, by line. The pattern needs the flag g. */
export function find({ path, code }: Source, pattern: RegExp, why: (match: RegExpExecArray) => string): Broken[] {
  return [...code.matchAll(pattern)].map((match) => ({ path, line: lineOf(code, match.index), why: why(match) }));
}

/** What a source imports, and where. */
export function importsOf(source: Source): { specifier: string; line: number }[] {
  const pattern = /(?:\bfrom|\bimport|\bimport\s*\()\s*(['"])([^'"\n]+)\1/g;
  return [...source.code.matchAll(pattern)].map((match) => ({ specifier: match[2] ?? '', line: lineOf(source.code, match.index) }));
}

const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length;

// Crude, and enough: a `//` within a string hides the rest of its line at worst.
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}
