// `npm run reference`: writes the pages that are generated from contracts and tables. `npm run check` sees whether they are up to date.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writePages } from './reference/pages.js';

writePages(join(fileURLToPath(new URL('../../..', import.meta.url)), 'docs/reference'));
