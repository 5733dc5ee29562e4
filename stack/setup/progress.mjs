const started = performance.now();
let silent = false;

/** Says what is being done, does it, and says how long it took. */
export async function step(title, work) {
  const from = performance.now();
  say(`  ${clock()} ${title}`);
  const result = await work();
  say(`  ${clock()} ${title}: done in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}

/** For tests, whose output is their own. */
export function quiet(on) {
  silent = on;
}

const clock = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s `;

function say(line) {
  if (!silent) console.error(line);
}
