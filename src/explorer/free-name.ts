/** Returns a name that does not occur in `names`: `name` itself, or `name` followed by `_2`, `_3` ... */
export function freeName(names: readonly string[], name: string): string {
  let free = name;
  for (let copy = 2; names.includes(free); copy++) free = `${name}_${copy}`;
  return free;
}
