// A stamp remembers for which inputs a step last succeeded.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

export function stampOf(path, value) {
  return {
    current() {
      try {
        return readFileSync(path, 'utf8') === value;
      } catch {
        return false;
      }
    },
    write() {
      writeFileSync(`${path}.new`, value);
      renameSync(`${path}.new`, path);
    },
  };
}
