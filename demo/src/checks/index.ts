import type { Stage } from '../stage.js';
import type { Finding } from './check.js';
import { eventChecks } from './events.js';
import { fundingChecks } from './funding.js';
import { moneyChecks } from './money.js';

export interface NamedFinding extends Finding {
  readonly says: string;
}

export async function lookAtEverything(stage: Stage): Promise<NamedFinding[]> {
  const findings: NamedFinding[] = [];
  for (const { says, look } of [...moneyChecks, ...fundingChecks, ...eventChecks]) findings.push({ says, ...(await look(stage)) });
  return findings;
}
