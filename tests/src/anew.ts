// Loads the code of tests anew for each file of a process, so that none finds what another has left in it. All other code is loaded once.
import type { ResolveHook } from 'node:module';

/** In a module's address: for which of the files it was loaded. */
export const FILE = 'file';
const OF_TESTS = '/dist/tests/';

export const resolve: ResolveHook = async (specifier, context, next) => {
  const resolved = await next(specifier, context);
  const file = context.parentURL && new URL(context.parentURL).searchParams.get(FILE);
  if (!file || !resolved.url.includes(OF_TESTS)) return resolved;
  const url = new URL(resolved.url);
  url.searchParams.set(FILE, file);
  return { ...resolved, url: url.href };
};
