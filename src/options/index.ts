export { checkOptions, flagsByName, nativeFields, pickOptions } from "./check.js";
export {
  abortSignal,
  autoOr,
  type Bounds,
  boolean,
  callback,
  choice,
  type Description,
  declare,
  type IntegerBounds,
  integer,
  type Kind,
  number,
  oneOf,
  parseInteger,
  parseNumber,
  text,
} from "./kinds.js";
export {
  type Accepted,
  type CheckedValues,
  type Declarations,
  type DefaultedOption,
  flagOf,
  hyphenated,
  type Option,
  type OptionValues,
  type ResolvedValues,
} from "./option.js";
export { describeFlag, optionTable } from "./text.js";
