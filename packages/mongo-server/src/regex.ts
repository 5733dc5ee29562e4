// Regular expressions are PCRE in MongoDB. What means the same in JavaScript, or can be written so that it does, is taken; the rest is refused.

import { BSONRegExp } from 'bson';
import { Fault, unsupported } from './fault.js';
import type { Value } from './values.js';

const SPACES = '\\t\\n\\v\\f\\r ';
const NEXT = /\\[\s\S]|\[\^?|[\s\S]/gu;
const KNOWN_ESCAPES = /^\\([dDwWbBtnrfv]|[^\w\s])$/u;

export const isRegex = (value: unknown): value is RegExp | BSONRegExp => value instanceof RegExp || value instanceof BSONRegExp;

export function regexOf(pattern: Value, options = ''): RegExp {
  const given: unknown = pattern;
  const source = given instanceof BSONRegExp ? given.pattern : given;
  const flags = given instanceof BSONRegExp ? given.options + options : options;
  if (typeof source !== 'string') throw new Fault('BadValue', '$regex has to be a string');
  if (/[^ims]/.test(flags)) throw unsupported(`the options "${flags}" of a regular expression`);
  const refuse = (part: string): never => {
    throw unsupported(`"${part}" in a regular expression`);
  };
  const lines = flags.includes('m');
  let inClass = false;
  let out = '';
  let previous = '';
  for (const [token] of source.matchAll(NEXT)) {
    if (token === '\\s') out += inClass ? SPACES : `[${SPACES}]`;
    else if (token === '\\S' && !inClass) out += `[^${SPACES}]`;
    else if (token.length > 1 && token.startsWith('\\')) out += KNOWN_ESCAPES.test(token) ? escaped(token, inClass) : refuse(token);
    else if (inClass) {
      if (token.startsWith('[') || (token === ']' && previous.startsWith('['))) refuse(`${previous}${token}`);
      inClass = token !== ']';
      out += token;
    } else if (token.startsWith('[')) {
      inClass = true;
      out += token;
    } else if (token === '.') out += flags.includes('s') ? '[\\s\\S]' : '[^\\n]';
    else if (token === '^' && lines) out += '(?<=^|\\n)';
    else if (token === '$') out += lines ? '(?=\\n|$)' : '(?=\\n?$)';
    else if (token === '?' && previous === '(' && !/^\?(:|=|!|<=|<!)/.test(source.slice(source.indexOf('(?')))) refuse('(?');
    else out += token;
    previous = token;
  }
  try {
    return new RegExp(out, flags.includes('i') ? 'iu' : 'u');
  } catch {
    throw unsupported(`the regular expression ${source}`);
  }
}

/** A needless backslash is fine in PCRE, and an error in JavaScript. */
function escaped(token: string, inClass: boolean): string {
  const plain = token[1]!;
  return /[\w^$\\.*+?()[\]{}|/]/.test(plain) || (inClass && plain === '-') ? token : plain;
}
