import { type Command, Option as CommandOption } from "commander";
import { type Declarations, describeFlag, flagOf } from "../options/index.js";

/** Texts of a flag that replace the texts of its declaration. */
export interface FlagTexts {
  readonly placeholder?: string;
  /** The whole description, including the default. */
  readonly description?: string;
}

/**
 * Adds a flag for each of these options, in this order. Commander stores the value under the name of the flag. This
 * name equals the name of the option unless the declaration states another flag.
 *
 * @param texts texts that replace the declared ones, by the name of the option
 */
export function addDeclaredOptions<D extends Declarations>(
  command: Command,
  declarations: D,
  names: readonly (keyof D & string)[],
  texts: { readonly [Name in keyof D]?: FlagTexts } = {},
): Command {
  for (const name of names) command.addOption(declaredOption(declarations, name, texts[name]));
  return command;
}

/** Creates the flag of one declared option. */
export function declaredOption<D extends Declarations>(
  declarations: D,
  name: keyof D & string,
  texts: FlagTexts = {},
): CommandOption {
  const option = declarations[name];
  const flag = flagOf(name, option);
  if (flag === undefined) throw new Error(`option ${name} has no flag on the command line`);
  const { placeholder = option.placeholder, description = describeFlag(option) } = texts;
  const typed = new CommandOption(placeholder === "" ? flag : `${flag} ${placeholder}`, description);
  return placeholder === "" ? typed : typed.argParser((text) => option.parse(text, flag));
}
