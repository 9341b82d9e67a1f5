import { closest } from "fastest-levenshtein";
import { reject, requireInteger, requireSignal } from "../arguments.js";
import type { DefaultedOption, Option } from "./option.js";

/** The properties of a declaration that are stated for each option, whatever its kind; see {@link Option}. */
export interface Description<Value> {
  readonly default?: Value;
  readonly defaultText?: string;
  readonly help: string;
  readonly guide?: string;
  readonly flag?: string | false;
  readonly placeholder?: string;
  readonly native?: string | false;
  readonly isAdvanced?: boolean;
}

type WithDefault<Value> = Description<Value> & { readonly default: Value };

/** The properties of a declaration that depend on the kind of the option; see {@link Option}. */
export interface Kind<Value> {
  readonly accepted: string;
  readonly range: string;
  readonly placeholder: string;
  check(value: unknown, argument: string): Value;
  parse(text: string, flag: string): Value;
}

/** Declares an option of any kind. For the usual kinds, use the functions below. */
export function declare<Value, Resolved = Value>(
  kind: Kind<Value>,
  description: WithDefault<Value>,
): DefaultedOption<Value, Resolved>;
export function declare<Value, Resolved = Value>(
  kind: Kind<Value>,
  description: Description<Value>,
): Option<Value, Resolved>;
export function declare<Value>(kind: Kind<Value>, description: Description<Value>): Option<Value> {
  const { default: value, help } = description;
  return {
    defaultText: value === undefined ? "" : shown(value),
    guide: help,
    flag: undefined,
    native: undefined,
    isAdvanced: false,
    ...kind,
    ...description,
  };
}

/** Inclusive bounds of an integer. */
export interface IntegerBounds {
  readonly from: number;
  readonly to: number;
}

/** Declares an option for an integer from `from` to `to`, both included. */
export function integer(bounds: IntegerBounds, description: WithDefault<number>): DefaultedOption<number>;
export function integer(bounds: IntegerBounds, description: Description<number>): Option<number>;
export function integer({ from, to }: IntegerBounds, description: Description<number>): Option<number> {
  const kind: Kind<number> = {
    accepted: `an integer from ${from} to ${to}`,
    range: to >= UNBOUNDED ? `an integer >= ${from}` : `${from} to ${to}`,
    placeholder: "<n>",
    check: (value, argument) => requireInteger(value, argument, from, to),
    parse: (text, flag) => parseInteger(text, flag),
  };
  return declare(kind, description);
}

/** Bounds of a number. `from` and `to` are inclusive, `above` and `below` are exclusive. */
export interface Bounds {
  readonly from?: number;
  readonly above?: number;
  readonly to?: number;
  readonly below?: number;
}

/** Declares an option for a number within bounds. */
export function number(bounds: Bounds, description: WithDefault<number>): DefaultedOption<number>;
export function number(bounds: Bounds, description: Description<number>): Option<number>;
export function number(bounds: Bounds, description: Description<number>): Option<number> {
  return declare(numberKind(bounds), description);
}

function numberKind(bounds: Bounds): Kind<number> {
  const range = describeBounds(bounds);
  const kind: Kind<number> = {
    accepted: `a number ${range.startsWith(">") ? range : `from ${range}`}`.replace("from above", "above"),
    range,
    placeholder: "<x>",
    check(value, argument) {
      if (typeof value !== "number") reject(argument, value, "a number");
      if (!isWithin(value, bounds)) reject(argument, value, kind.accepted, "OUT_OF_RANGE");
      return value;
    },
    parse: (text, flag) => parseNumber(text, flag),
  };
  return kind;
}

/** Declares an option for `"auto"` or a number within bounds. */
export function autoOr<Resolved = "auto" | number>(
  bounds: Bounds,
  description: WithDefault<"auto" | number>,
): DefaultedOption<"auto" | number, Resolved> {
  const { accepted, range, placeholder, check } = numberKind(bounds);
  const kind: Kind<"auto" | number> = {
    accepted: `"auto" or ${accepted}`,
    range: `\`"auto"\` or ${range}`,
    placeholder,
    check(value, argument) {
      if (value === "auto") return value;
      if (typeof value !== "number") reject(argument, value, kind.accepted);
      return check(value, argument);
    },
    parse: (text, flag) => (text === "auto" ? text : parseNumber(text, flag, "auto or a number")),
  };
  return declare<"auto" | number, Resolved>(kind, description);
}

/** Declares an option for one of several names. */
export function choice<Name extends string, Resolved = Name>(
  names: readonly Name[],
  description: WithDefault<Name>,
): DefaultedOption<Name, Resolved>;
export function choice<Name extends string, Resolved = Name>(
  names: readonly Name[],
  description: Description<Name>,
): Option<Name, Resolved>;
export function choice<Name extends string>(names: readonly Name[], description: Description<Name>): Option<Name> {
  const kind: Kind<Name> = {
    accepted: oneOf(names),
    range: names.map((name) => `\`"${name}"\``).join(", "),
    placeholder: "<name>",
    check(value, argument) {
      if (!names.includes(value as Name)) reject(argument, value, oneOf(names, value));
      return value as Name;
    },
    // The library checks the names and suggests the nearest one.
    parse: (text) => text as Name,
  };
  return declare(kind, description);
}

/** Declares an option for `true` or `false`; on the command line, the flag has no value. */
export function boolean<Resolved = boolean>(description: WithDefault<boolean>): DefaultedOption<boolean, Resolved>;
export function boolean<Resolved = boolean>(description: Description<boolean>): Option<boolean, Resolved>;
export function boolean(description: Description<boolean>): Option<boolean> {
  const kind: Kind<boolean> = {
    accepted: "true or false",
    range: "`true`, `false`",
    placeholder: "",
    check(value, argument) {
      if (typeof value !== "boolean") reject(argument, value, "true or false");
      return value;
    },
    parse: () => true,
  };
  return declare(kind, description);
}

/** Declares an option for a text of any number of lines, which may be empty. */
export function text(description: WithDefault<string>): DefaultedOption<string>;
export function text(description: Description<string>): Option<string>;
export function text(description: Description<string>): Option<string> {
  const kind: Kind<string> = {
    accepted: "a string",
    range: "a string",
    placeholder: "<text>",
    check(value, argument) {
      if (typeof value !== "string") reject(argument, value, "a string");
      return value;
    },
    parse: (typed) => typed,
  };
  return declare(kind, description);
}

/** Declares an option for a function that is called during the work. Such an option has no flag on the command line. */
export function callback<F extends (...given: never[]) => unknown>(
  range: string,
  description: Description<F>,
): Option<F, never> {
  return declare<F, never>(
    {
      accepted: "a function",
      range,
      placeholder: "",
      check(value, argument) {
        if (typeof value !== "function") reject(argument, value, "a function");
        return value as F;
      },
      parse: notTyped,
    },
    { flag: false, defaultText: "none", ...description },
  );
}

/** Declares an option for an `AbortSignal`. Such an option has no flag on the command line. */
export function abortSignal(description: Description<AbortSignal>): Option<AbortSignal, never> {
  return declare<AbortSignal, never>(
    {
      accepted: "an AbortSignal",
      range: "an `AbortSignal`",
      placeholder: "",
      check(value) {
        requireSignal(value);
        return value as AbortSignal;
      },
      parse: notTyped,
    },
    { flag: false, defaultText: "none", ...description },
  );
}

/** Lists the accepted names and suggests the one nearest to the given value. */
export function oneOf(names: readonly string[], received?: unknown): string {
  const guess = typeof received === "string" ? ` (did you mean "${closest(received, names)}"?)` : "";
  return `one of ${names.map((name) => `"${name}"`).join(", ")}${guess}`;
}

/**
 * Parses a number from the command line. Unlike `Number`, this function accepts only decimal notation and rejects blank
 * text.
 *
 * @param accepted description of the accepted numbers
 * @throws {ArgumentError} INVALID_ARGUMENT for other text, and for numbers that `accepts` rejects
 */
export function parseNumber(
  text: string,
  flag: string,
  accepted = "a number",
  accepts: (value: number) => boolean = () => true,
): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value) || !accepts(value)) reject(flag, text, accepted);
  return value;
}

/** Parses an integer of `least` or more from the command line. */
export function parseInteger(text: string, flag: string, least = -Infinity): number {
  const accepted = least === -Infinity ? "an integer" : `an integer of ${least} or more`;
  return parseNumber(text, flag, accepted, (value) => Number.isSafeInteger(value) && value >= least);
}

/** Upper bounds of this value or more are not shown in help texts, because no user needs such large values. */
const UNBOUNDED = 1e9;

function describeBounds({ from, above, to, below }: Bounds): string {
  const upper = to !== undefined ? `${to}` : below !== undefined ? `less than ${below}` : undefined;
  if (above !== undefined) return upper === undefined ? `> ${above}` : `above ${above}, to ${upper}`;
  if (from !== undefined) return upper === undefined ? `>= ${from}` : `${from} to ${upper}`;
  return upper === undefined ? "any number" : `up to ${upper}`;
}

function isWithin(value: number, { from, above, to, below }: Bounds): boolean {
  if (!Number.isFinite(value)) return false;
  return (
    value >= (from ?? -Infinity) &&
    value > (above ?? -Infinity) &&
    value <= (to ?? Infinity) &&
    value < (below ?? Infinity)
  );
}

const shown = (value: unknown): string => (typeof value === "string" ? `"${value}"` : String(value));

const notTyped = (_text: string, flag: string): never => reject(flag, undefined, "no value on the command line");
