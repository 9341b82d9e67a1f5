/** A name that none of the others is: the name itself, or with `_2`, `_3` ... after it. */
export function freeName(names: readonly string[], name: string): string {
  let free = name;
  for (let copy = 2; names.includes(free); copy++) free = `${name}_${copy}`;
  return free;
}
