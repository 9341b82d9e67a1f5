import { rejectUnknown, requireOptions } from "../arguments.js";
import { type CheckedValues, type Declarations, flagOf, type OptionValues } from "./option.js";

/**
 * Checks each option by its declaration and fills in the defaults that do not depend on the data. An option that is
 * `null` is treated as left out.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION (with the nearest name), OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function checkOptions<D extends Declarations>(declarations: D, options: OptionValues<D>): CheckedValues<D> {
  requireOptions(options);
  rejectUnknown(options, Object.keys(declarations));
  const given = options as Readonly<Record<string, unknown>>;
  const checked = Object.entries(declarations).map(([name, option]) => {
    const value = given[name] ?? option.default;
    return [name, value === undefined ? undefined : option.check(value, name)];
  });
  return Object.fromEntries(checked) as CheckedValues<D>;
}

/** Returns those properties of `values` that are options in `declarations` and are not undefined. */
export function pickOptions<D extends Declarations>(declarations: D, values: object): OptionValues<D> {
  const known = Object.entries(values).filter(([name, value]) => name in declarations && value !== undefined);
  return Object.fromEntries(known) as OptionValues<D>;
}

/** Returns the flag of each option by its name, for error messages of the command line. */
export function flagsByName(declarations: Declarations): Record<string, string> {
  const flags = Object.entries(declarations).map(([name, option]) => [name, flagOf(name, option)]);
  return Object.fromEntries(flags.filter(([, flag]) => flag !== undefined));
}

/**
 * Renames the options to the names of the fields that the native core reads. Options without such a field are left out.
 */
export function nativeFields(declarations: Declarations, resolved: object): Record<string, unknown> {
  const fields = Object.entries(resolved).map(([name, value]) => [declarations[name]?.native ?? name, value]);
  return Object.fromEntries(fields.filter(([field]) => field !== false));
}
