// Which models explain what happened: what ran side by side may have come in any order, and what came of it decides which are possible.
import type { Part, Shop } from './stock-model.js';

/** What was done, and what the caller was told. */
export interface Done {
  readonly parts: readonly Part[];
  readonly answer: string;
}

interface Left {
  readonly parts: readonly Part[];
  /** Undefined: nobody was told, and it need not have begun. */
  readonly answer: string | undefined;
  readonly isOver: boolean;
}

interface Moment {
  readonly shop: Shop;
  readonly left: readonly Left[];
}

/** Every shop that there can be when all of this was done side by side, with these answers; and some of what may have been done besides. */
export function explain(shops: readonly Shop[], done: readonly Done[], besides: readonly (readonly Part[])[]): Shop[] {
  const left: Left[] = [
    ...done.map((deed) => ({ ...deed, isOver: false })),
    ...besides.map((parts) => ({ parts, answer: undefined, isOver: true })),
  ];
  const ends = new Map<string, Shop>();
  let moments: Moment[] = shops.map((shop) => ({ shop, left }));
  while (moments.length > 0) {
    for (const { shop } of moments.filter((moment) => moment.left.every(({ isOver }) => isOver))) ends.set(JSON.stringify(shop), shop);
    moments = [...new Map(moments.flatMap(goOn).map((moment) => [keyOf(moment), moment])).values()];
  }
  return [...ends.values()];
}

/** Each may go on with its next part. */
const goOn = ({ shop, left }: Moment): Moment[] =>
  left.flatMap(({ parts: [part, ...rest], answer }, place) => {
    if (!part) return [];
    const after = structuredClone(shop);
    const told = part(after);
    const parts = told === undefined ? rest : [];
    if (answer !== undefined && parts.length === 0 && told !== answer) return [];
    return [{ shop: after, left: left.with(place, { parts, answer, isOver: parts.length === 0 }) }];
  });

const keyOf = ({ shop, left }: Moment) => `${left.map(({ parts }) => parts.length)} ${JSON.stringify(shop)}`;
