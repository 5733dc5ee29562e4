// The output of a test process, cut into what each of its files printed.
import { saysTotals } from './verdict.js';

const KEPT_CHARACTERS = 4_000_000;
// The totals are within the last of it when they are there.
const TOTALS_CHARACTERS = 1_000;

export interface FileOutput {
  readonly text: string;
  readonly tookMs: number;
}

export interface FileOutputs {
  /** Takes more of it; tells how many files have given their totals by now. */
  add(text: string): number;
  /** One for each of `count` files: the last has all that came after those before it. */
  of(count: number): FileOutput[];
}

export function collectOutputs(): FileOutputs {
  const finished: FileOutput[] = [];
  let text = '';
  let startedMs = performance.now();
  const taken = () => performance.now() - startedMs;
  return {
    add(more) {
      // Totals may come in two pieces, or those of two files in one.
      for (const line of more.split(/(?<=\n)/)) {
        text = (text + line).slice(-KEPT_CHARACTERS);
        if (!line.startsWith('  Duration: ') || !saysTotals(text.slice(-TOTALS_CHARACTERS))) continue;
        finished.push({ text, tookMs: taken() });
        text = '';
        startedMs = performance.now();
      }
      return finished.length;
    },
    of(count) {
      const whole = finished.slice(0, count);
      if (whole.length < count) return [...whole, { text, tookMs: taken() }];
      const last = whole.pop()!;
      return [...whole, { ...last, text: last.text + text }];
    },
  };
}
