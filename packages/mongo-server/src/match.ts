// Whether a document is one that a filter asks for.
import { Fault, unsupported } from './fault.js';
import { valuesAt } from './paths.js';
import { isRegex, regexOf } from './regex.js';
import { compare, type Doc, equal, isDoc, isNullish, isNumber, sameKind, toNumber, type Value } from './values.js';

export type Matcher = (doc: Value) => boolean;

/** Of the values that stand at a path. */
type Test = (found: readonly Value[]) => boolean;

/** Reads a filter once. Refuses operators that it does not know. */
export function matcherOf(filter: Doc): Matcher {
  const tests = Object.entries(filter).map(([name, condition]): Matcher => {
    if (name === '$and' || name === '$or' || name === '$nor') return logical(name, condition);
    if (name.startsWith('$')) throw unsupported(`the query operator "${name}"`);
    const test = testOf(condition);
    return (doc) => test(valuesAt(doc, name));
  });
  return (doc) => tests.every((test) => test(doc));
}

function logical(name: string, condition: Value): Matcher {
  if (!Array.isArray(condition) || condition.length === 0 || !condition.every(isDoc))
    throw new Fault('BadValue', `${name} must be a nonempty array of filters`);
  const all = (condition as Doc[]).map(matcherOf);
  if (name === '$and') return (doc) => all.every((matches) => matches(doc));
  if (name === '$or') return (doc) => all.some((matches) => matches(doc));
  return (doc) => !all.some((matches) => matches(doc));
}

export const isOperators = (value: Value): value is Doc => isDoc(value) && Object.keys(value)[0]?.startsWith('$') === true;

function testOf(condition: Value): Test {
  if (isRegex(condition)) return regexTest(condition);
  if (!isOperators(condition)) return equality(condition);
  const tests = Object.entries(condition).flatMap(([operator, value]) => operatorTest(operator, value, condition) ?? []);
  return (found) => tests.every((test) => test(found));
}

function operatorTest(operator: string, value: Value, all: Doc): Test | undefined {
  switch (operator) {
    case '$eq':
      return isRegex(value) ? refuseRegex() : equality(value);
    case '$ne':
      return not(isRegex(value) ? refuseRegex() : equality(value));
    case '$gt':
      return order(value, (sign) => sign > 0);
    case '$gte':
      return order(value, (sign) => sign >= 0);
    case '$lt':
      return order(value, (sign) => sign < 0);
    case '$lte':
      return order(value, (sign) => sign <= 0);
    case '$in':
      return anyOf(value, operator);
    case '$nin':
      return not(anyOf(value, operator));
    case '$exists':
      return (found) => found.some((each) => each !== undefined) === truthy(value);
    case '$all': {
      const tests = listOf(value, operator).map((each) => (isOperators(each) ? elementTest(each) : testOf(each)));
      return (found) => tests.length > 0 && tests.every((test) => test(found));
    }
    case '$elemMatch':
      return elementTest({ $elemMatch: value });
    case '$size': {
      if (!isNumber(value)) throw new Fault('BadValue', '$size needs a number');
      const size = toNumber(value);
      return (found) => found.some((each) => Array.isArray(each) && each.length === size);
    }
    case '$not':
      if (!isRegex(value) && !isOperators(value)) throw new Fault('BadValue', '$not needs a regex or a document of operators');
      return not(testOf(value));
    case '$regex':
      return regexTest(value, all.$options);
    case '$options':
      return undefined;
    default:
      throw unsupported(`the query operator "${operator}"`);
  }
}

const not =
  (test: Test): Test =>
  (found) =>
    !test(found);

// Each value itself, and of an array its items.
const some =
  (test: (value: Value) => boolean): Test =>
  (found) =>
    found.some((each) => test(each) || (Array.isArray(each) && each.some(test)));

function equality(wanted: Value): Test {
  if (isNullish(wanted)) return some(isNullish);
  return some((value) => !isNullish(value) && equal(value, wanted));
}

function order(limit: Value, holds: (sign: number) => boolean): Test {
  if (isRegex(limit)) throw refuseRegex();
  if (isNullish(limit)) return some((value) => isNullish(value) && holds(0));
  return some((value) => !isNullish(value) && sameKind(value, limit) && !isNan(value, limit) && holds(compare(value, limit)));
}

// NaN is less and more than nothing, and equal to itself.
const isNan = (a: Value, b: Value) => isNumber(a) && isNumber(b) && Number.isNaN(toNumber(a)) !== Number.isNaN(toNumber(b));

function anyOf(value: Value, operator: string): Test {
  const tests = listOf(value, operator).map((each) => {
    if (isOperators(each)) throw new Fault('BadValue', `cannot nest $ under ${operator}`);
    return testOf(each);
  });
  return (found) => tests.some((test) => test(found));
}

function elementTest(condition: Doc): Test {
  if (Object.keys(condition).length !== 1 || !isDoc(condition.$elemMatch)) throw new Fault('BadValue', '$elemMatch needs a document');
  const wanted = condition.$elemMatch;
  if (isOperators(wanted) && !['$and', '$or', '$nor'].includes(Object.keys(wanted)[0]!)) {
    const test = testOf(wanted);
    // An item that is an array itself is not opened.
    const passes = (item: Value) => test(Array.isArray(item) ? [[item]] : [item]);
    return (found) => found.some((each) => Array.isArray(each) && each.some(passes));
  }
  const matches = matcherOf(wanted);
  return (found) => found.some((each) => Array.isArray(each) && each.some((item) => (isDoc(item) || Array.isArray(item)) && matches(item)));
}

function listOf(value: Value, operator: string): Value[] {
  if (!Array.isArray(value)) throw new Fault('BadValue', `${operator} needs an array`);
  return value;
}

const truthy = (value: Value): boolean => (isNumber(value) ? toNumber(value) !== 0 : Boolean(value));

function refuseRegex(): never {
  throw unsupported('a regular expression in a comparison');
}

function regexTest(value: Value, options?: Value): Test {
  const pattern = regexOf(value, typeof options === 'string' ? options : '');
  return some((each) => typeof each === 'string' && pattern.test(each));
}
