// The rules that hold the house together, as far as a short script can see them. ARCHITECTURE.md says why they are.
import { importRules } from './rules/imports.js';
import { serviceRules } from './rules/services.js';
import { sourceRules } from './rules/sources.js';
import { type Broken, readTree } from './rules/tree.js';

const houseRules = [...importRules, ...sourceRules, ...serviceRules];

/** What breaks a rule, a line each, after the rule that it breaks. */
export function houseProblems(root: string): string[] {
  const tree = readTree(root);
  return houseRules.flatMap(({ says, check }) => {
    const broken = check(tree).map((place) => `  ${placeOf(place)} ${place.why}`);
    return broken.length > 0 ? [`Rule: ${says}`, ...broken] : [];
  });
}

const placeOf = ({ path, line }: Broken) => (line === undefined ? path : `${path}:${line}`);
