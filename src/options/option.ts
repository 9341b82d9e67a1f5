/**
 * One option of a function and of its command. Types, checks, command-line flags, help texts, saved fields and tables of the guide all
 * derive from this declaration; docs/extending.md shows how to add one.
 *
 * `Resolved` is the type of the option once defaults are filled in; it is `never` for options that are not part of a resolved setting,
 * such as callbacks.
 */
export interface Option<Accepted, Resolved = Accepted> {
  /** The accepted values in words, for errors: "a number from 0.1 to 1". */
  readonly accepted: string;
  /** The accepted values as short as a table needs them: "0.1 to 1". */
  readonly range: string;
  /** The default, where it is the same for all data. */
  readonly default?: Accepted;
  /** The default in words, where the value itself would not explain it. */
  readonly defaultText: string;
  /** A noun phrase for `--help`, without range and default, which are added to it. */
  readonly help: string;
  /** The description in the guide, in Markdown. */
  readonly guide: string;
  /** The flag on the command line: `--` and the name with hyphens, unless another one is declared; `false` for none. */
  readonly flag: string | false | undefined;
  /** The value as `--help` shows it: `<x>`. Empty for flags that stand alone. */
  readonly placeholder: string;
  /** The field of the native options: the name of the option, unless another one is declared; `false` for none. */
  readonly native: string | false | undefined;
  /** Whether only few users need it: it is listed last in help texts. */
  readonly isAdvanced: boolean;
  /** The value, if it is accepted. Throws an ArgumentError for others. */
  check(value: unknown, argument: string): Accepted;
  /** The value that was typed after `flag`. Throws an ArgumentError for text that is no such value; ranges are left to `check`. */
  parse(text: string, flag: string): Accepted;
  /** For types only: no value has it. */
  readonly resolved?: Resolved;
}

/** An option with a default that is the same for all data. */
export interface DefaultedOption<Accepted, Resolved = Accepted> extends Option<Accepted, Resolved> {
  readonly default: Accepted;
}

/** Options by name. */
export type Declarations = Readonly<Record<string, Option<unknown, unknown>>>;

/** The value that an option accepts. */
export type Accepted<O> = O extends Option<infer A, infer _> ? A : never;

/** The options as a caller gives them: all may be left out. */
export type OptionValues<D> = { [Name in keyof D]?: Accepted<D[Name]> | undefined };

/** The options after their checks: those with a default have a value. */
export type CheckedValues<D> = {
  [Name in keyof D]: D[Name] extends DefaultedOption<infer A, infer _> ? A : Accepted<D[Name]> | undefined;
};

/** The options with every default filled in; without those that are no settings. */
export type ResolvedValues<D> = {
  [Name in keyof D as [ResolvedBy<D[Name]>] extends [never] ? never : Name]: ResolvedBy<D[Name]>;
};

type ResolvedBy<O> = O extends Option<infer _, infer R> ? R : never;

/** `--mesh-spacing` for `meshSpacing`; undefined for an option that the command line does not have. */
export function flagOf(name: string, { flag }: Pick<Option<unknown>, "flag">): string | undefined {
  if (flag === false) return undefined;
  return flag ?? `--${hyphenated(name)}`;
}

/** `mesh-spacing` for `meshSpacing`. */
export const hyphenated = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
