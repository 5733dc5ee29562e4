const GROUPS = 8;
const GROUPS_OF_A_NETWORK = 4;

/** Whose an address is: of IPv6 the first 64 bits, since one household has all the rest to choose from. "none" without an address. */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'none';
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head.split(':').filter(Boolean);
  const rest = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: GROUPS - groups.length - rest.length }, () => '0');
  const first = [...groups, ...zeros, ...rest].slice(0, GROUPS_OF_A_NETWORK);
  return first.map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}
