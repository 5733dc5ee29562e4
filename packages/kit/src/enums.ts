/**
 * A value of a contract's enum as the domain calls it; undefined for the unspecified one.
 *
 *     enumName(Pledge_State, Pledge_State.STATE_PAID, 'STATE_') // 'PAID'
 */
export function enumName<Name extends string>(values: Readonly<Record<string, number>>, value: number, prefix: string): Name | undefined {
  const name = Object.keys(values).find((key) => values[key] === value && value !== 0);
  return name?.slice(prefix.length) as Name | undefined;
}
