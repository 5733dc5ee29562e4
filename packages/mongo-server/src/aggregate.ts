// Aggregation: a few stages, each over what the one before gives.
import { Double, Int32, type Long } from 'bson';
import { Fault, onlyFields, unsupported } from './fault.js';
import { projectionOf, sorted, sortOf } from './find.js';
import { matcherOf } from './match.js';
import { valuesAt } from './paths.js';
import { compare, type Doc, encode, isDoc, isNullish, isNumber, toBigInt, toNumber, type Value, wholeOf } from './values.js';

type Stage = (documents: Iterable<Doc>) => Iterable<Doc>;

export function pipelineOf(stages: readonly Doc[]): Stage {
  const steps = stages.map((stage) => {
    const [name, ...more] = Object.keys(stage);
    if (name === undefined || more.length > 0) throw new Fault('FailedToParse', 'a stage has one field');
    return stageOf(name, stage[name]);
  });
  return (documents) => steps.reduce((given, step) => step(given), documents);
}

function stageOf(name: string, argument: Value): Stage {
  switch (name) {
    case '$match': {
      const matches = matcherOf(docOf(argument, name));
      return function* (documents) {
        for (const doc of documents) if (matches(doc)) yield doc;
      };
    }
    case '$sort': {
      const sort = sortOf(argument);
      return (documents) => sorted(documents, sort);
    }
    case '$limit':
    case '$skip': {
      const count = countOf(argument, name);
      return function* (documents) {
        let at = 0;
        for (const doc of documents) {
          if (name === '$limit' ? at < count : at >= count) yield doc;
          if (name === '$limit' && ++at >= count) return;
          if (name === '$skip') at += 1;
        }
      };
    }
    case '$project': {
      const project = projectionOf(argument);
      return function* (documents) {
        for (const doc of documents) yield project(doc);
      };
    }
    case '$count':
      if (typeof argument !== 'string' || argument === '' || argument.startsWith('$') || argument.includes('.'))
        throw new Fault('BadValue', '$count needs the name of a field');
      return function* (documents) {
        let count = 0;
        for (const _ of documents) count += 1;
        if (count > 0) yield { [argument]: new Int32(count) };
      };
    case '$unwind':
      return unwind(argument);
    case '$group':
      return group(docOf(argument, name));
    default:
      throw unsupported(`the aggregation stage "${name}"`);
  }
}

function docOf(value: Value, name: string): Doc {
  if (!isDoc(value)) throw new Fault('FailedToParse', `${name} needs a document`);
  return value;
}

function countOf(value: Value, name: string): number {
  const count = isNumber(value) ? toNumber(value) : -1;
  if (!Number.isSafeInteger(count) || count < (name === '$limit' ? 1 : 0)) throw new Fault('BadValue', `${name} needs a number`);
  return count;
}

function unwind(argument: Value): Stage {
  const path = isDoc(argument) ? argument.path : argument;
  if (isDoc(argument)) onlyFields(argument, ['path', 'preserveNullAndEmptyArrays'], '$unwind');
  const keepsEmpty = isDoc(argument) && argument.preserveNullAndEmptyArrays === true;
  if (typeof path !== 'string' || !path.startsWith('$')) throw new Fault('FailedToParse', '$unwind needs the path of a field');
  const field = path.slice(1);
  if (field.includes('.')) throw unsupported('$unwind of a nested path');
  return function* (documents) {
    for (const doc of documents) {
      const value = doc[field];
      if (Array.isArray(value) && value.length > 0) for (const item of value) yield { ...doc, [field]: item };
      else if (!Array.isArray(value) && !isNullish(value)) yield doc;
      else if (keepsEmpty) {
        const { [field]: empty, ...rest } = doc;
        yield empty === null ? doc : rest;
      }
    }
  };
}

/** Of a document: a path ("$rating"), or a constant. */
function expressionOf(expression: Value): (doc: Doc) => Value {
  if (typeof expression === 'string' && expression.startsWith('$$')) throw unsupported(`the variable ${expression}`);
  if (typeof expression === 'string' && expression.startsWith('$')) {
    const path = expression.slice(1);
    return (doc) => {
      const found = valuesAt(doc, path);
      if (found.length > 1) throw unsupported(`the path ${expression} through an array`);
      return found[0];
    };
  }
  if (isDoc(expression)) {
    if (Object.keys(expression).some((name) => name.startsWith('$'))) throw unsupported(`the expression ${Object.keys(expression)[0]}`);
    const parts = Object.entries(expression).map(([name, each]) => [name, expressionOf(each)] as const);
    return (doc) => Object.fromEntries(parts.flatMap(([name, of]) => (of(doc) === undefined ? [] : [[name, of(doc)]])));
  }
  if (Array.isArray(expression)) throw unsupported('an array as an expression');
  return () => expression;
}

type Accumulator = (values: readonly Value[]) => Value;

const ACCUMULATORS: Readonly<Record<string, Accumulator>> = {
  $sum: (values) => total(values.filter(isNumber)),
  $avg(values) {
    const numbers = values.filter(isNumber);
    return numbers.length === 0 ? null : new Double(exactSum(numbers.map(toNumber)) / numbers.length);
  },
  $min: (values) => best(values, -1),
  $max: (values) => best(values, 1),
  $first: (values) => values[0] ?? null,
  $last: (values) => values.at(-1) ?? null,
  $push: (values) => values.filter((value) => value !== undefined),
};

const best = (values: readonly Value[], direction: 1 | -1): Value => {
  const there = values.filter((value) => !isNullish(value));
  return there.length === 0 ? null : there.reduce((one, other) => (compare(other, one) * direction > 0 ? other : one));
};

// With what each addition loses, as MongoDB does it: the result does not hang on the order.
function exactSum(numbers: readonly number[]): number {
  let [sum, lost] = [0, 0];
  for (const number of numbers) {
    const [x, a] = twoSum(number, lost);
    const [total, b] = twoSum(sum, x);
    [sum, lost] = twoSum(total, a + b);
  }
  return Number.isNaN(sum) ? numbers.reduce((so, number) => so + number, 0) : sum;
}

function twoSum(a: number, b: number): [sum: number, lost: number] {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
}

function total(numbers: readonly (number | Int32 | Double | Long)[]): Value {
  if (numbers.some((each) => each instanceof Double)) return new Double(exactSum(numbers.map(toNumber)));
  return wholeOf(
    numbers.reduce((so, each) => so + toBigInt(each), 0n),
    numbers,
  );
}

function group({ _id, ...fields }: Doc): Stage {
  if (_id === undefined) throw new Fault('FailedToParse', 'a group specification must include an _id');
  const idOf = expressionOf(_id);
  const accumulators = Object.entries(fields).map(([name, field]) => {
    const [operator, ...more] = isDoc(field) ? Object.keys(field) : [];
    const accumulate = operator === undefined || more.length > 0 ? undefined : ACCUMULATORS[operator];
    if (!accumulate) throw unsupported(`the accumulator ${JSON.stringify(field)}`);
    return { name, accumulate, read: expressionOf((field as Doc)[operator!]) };
  });
  return function* (documents) {
    const groups = new Map<string, { readonly id: Value; readonly values: Value[][] }>();
    for (const doc of documents) {
      const id = idOf(doc) ?? null;
      const key = encode(id).toString('latin1');
      const known = groups.get(key) ?? { id, values: accumulators.map(() => []) };
      groups.set(key, known);
      for (const [at, { read }] of accumulators.entries()) known.values[at]!.push(read(doc));
    }
    for (const { id, values } of groups.values())
      yield { _id: id, ...Object.fromEntries(accumulators.map(({ name, accumulate }, at) => [name, accumulate(values[at]!)])) };
  };
}
