/** What one side of a scenario came to. */
export interface Figures {
  /** The side: what it is, and what it does for each request. */
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

/** A ratio and what it is made of. */
export interface Ratio {
  readonly what: string;
  readonly value: number;
  /** ">= 0.75": read by people, and by `meets`. */
  readonly goal: string;
}

export interface Outcome {
  readonly ratios: readonly Ratio[];
  readonly sides: readonly Figures[];
}

/** A benchmark: one command, both sides in one run. */
export interface Scenario {
  readonly name: string;
  /** Its number in the design's table. */
  readonly number: number;
  readonly title: string;
  readonly goals: readonly string[];
  run(log: (line: string) => void): Promise<Outcome>;
}

/** Whether a ratio meets its goal: "<= 75" or ">= 0.75". */
export function meets({ value, goal }: Ratio): boolean {
  const [relation, limit] = goal.split(' ');
  return relation === '>=' ? value >= Number(limit) : value <= Number(limit);
}
