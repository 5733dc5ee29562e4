// Fetches a mongod into the folder it is given, and says where it is; or why not.
import { fetchMongod } from '../src/servers/fetch-mongod.js';

try {
  console.log(await fetchMongod(process.argv[2]!));
} catch (error) {
  console.error((error as { explained: string }).explained);
  process.exitCode = 1;
}
