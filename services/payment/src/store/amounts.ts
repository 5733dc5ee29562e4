/** JSON for an SQL function, amounts as text: JSON's numbers are not for money. */
export const asText = (value: object): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
