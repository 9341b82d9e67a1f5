/**
 * Declaration of one option of a function and of its command. Types, checks, command-line flags, help texts, saved
 * fields and tables in the guide are derived from it; docs/extending.md shows how to add one.
 *
 * `Resolved` is the type of the option after defaults are filled in. This type is `never` for options that are not part
 * of the resolved settings, such as callbacks.
 */
export interface Option<Accepted, Resolved = Accepted> {
  /** Description of the accepted values for error messages: "a number from 0.1 to 1". */
  readonly accepted: string;
  /** Short description of the accepted values for tables: "0.1 to 1". */
  readonly range: string;
  /** The default, if it does not depend on the data. */
  readonly default?: Accepted;
  /** Description of the default, needed if the default depends on the data or its value is not clear by itself. */
  readonly defaultText: string;
  /** A noun phrase that describes the option in `--help`. The range and the default are added to it automatically. */
  readonly help: string;
  /** The description in the guide, in Markdown. */
  readonly guide: string;
  /**
   * The flag on the command line. If undefined, the flag is `--` followed by the name of the option with hyphens;
   * `false` means that there is no flag.
   */
  readonly flag: string | false | undefined;
  /** The placeholder of the value in `--help`: `<x>`. Empty for flags without a value. */
  readonly placeholder: string;
  /**
   * Name of the field in the options of the native core. If undefined, the field has the name of the option; `false`
   * means that there is no field.
   */
  readonly native: string | false | undefined;
  /** Whether only few users need the option. Help texts list such options last. */
  readonly isAdvanced: boolean;
  /** Returns the value if it is accepted, and throws an ArgumentError otherwise. */
  check(value: unknown, argument: string): Accepted;
  /**
   * Parses the text that follows `flag` on the command line, and throws an ArgumentError for invalid text. The range of
   * the value is not tested here but by `check`.
   */
  parse(text: string, flag: string): Accepted;
  /** Used only by TypeScript to infer the type `Resolved`; no object has this property. */
  readonly resolved?: Resolved;
}

/** An option with a default that does not depend on the data. */
export interface DefaultedOption<Accepted, Resolved = Accepted> extends Option<Accepted, Resolved> {
  readonly default: Accepted;
}

/** Options by name. */
export type Declarations = Readonly<Record<string, Option<unknown, unknown>>>;

/** The type of the values that an option accepts. */
export type Accepted<O> = O extends Option<infer A, infer _> ? A : never;

/** The options that a caller gives. Each option may be left out. */
export type OptionValues<D> = { [Name in keyof D]?: Accepted<D[Name]> | undefined };

/** Options after they are checked. An option with a default always has a value. */
export type CheckedValues<D> = {
  [Name in keyof D]: D[Name] extends DefaultedOption<infer A, infer _> ? A : Accepted<D[Name]> | undefined;
};

/** Options with all defaults filled in. Options that are not settings, such as callbacks, are left out. */
export type ResolvedValues<D> = {
  [Name in keyof D as [ResolvedBy<D[Name]>] extends [never] ? never : Name]: ResolvedBy<D[Name]>;
};

type ResolvedBy<O> = O extends Option<infer _, infer R> ? R : never;

/**
 * Returns the flag of an option, such as `--mesh-spacing` for `meshSpacing`; undefined for an option without a flag.
 */
export function flagOf(name: string, { flag }: Pick<Option<unknown>, "flag">): string | undefined {
  if (flag === false) return undefined;
  return flag ?? `--${hyphenated(name)}`;
}

/** `mesh-spacing` for `meshSpacing`. */
export const hyphenated = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
