const started = performance.now();

/** Says what is being done, does it, and says how long it took. */
export async function step(title, work) {
  const from = performance.now();
  console.error(`  ${clock()} ${title}`);
  const result = await work();
  console.error(`  ${clock()} ${title}: done in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}

const clock = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s `;
