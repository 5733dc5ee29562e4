// Finds RPCs by what a person types: "SignIn", "AuthService/SignIn" or a full path.
import type { Rpc } from '@moa/contracts/descriptors';

/** Those that a text names: none, one, or several of the same name. Capitals make no difference. */
export function findRpcs(rpcs: readonly Rpc[], text: string): Rpc[] {
  const wanted = dotted(text.replace(/^\//, ''));
  return rpcs.filter((rpc) => `.${nameOf(rpc)}`.endsWith(`.${wanted}`));
}

/** Those whose names have a text in them somewhere. */
export const likeRpcs = (rpcs: readonly Rpc[], text: string): Rpc[] => rpcs.filter((rpc) => nameOf(rpc).includes(dotted(text)));

/** "AuthService/SignIn". */
export const shortName = ({ service, method }: Rpc): string => `${service.split('.').at(-1)}/${method}`;

const nameOf = ({ path }: Rpc) => dotted(path.slice(1));
const dotted = (text: string) => text.toLowerCase().replaceAll('/', '.');
