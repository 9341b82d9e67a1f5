import { type Command, Option as CommandOption } from "commander";
import { type Declarations, describeFlag, flagOf } from "../options/index.js";

/** Texts of a flag where a command says something else than the declaration of its option. */
export interface FlagTexts {
  readonly placeholder?: string;
  /** The whole description, default included. */
  readonly description?: string;
}

/**
 * Adds a flag for each of these options, in this order. The value that commander finds stands under the option's own name.
 *
 * @param texts by the name of the option
 */
export function addDeclaredOptions<D extends Declarations>(
  command: Command,
  declarations: D,
  names: readonly (keyof D & string)[],
  texts: { readonly [Name in keyof D]?: FlagTexts } = {},
): Command {
  for (const name of names) {
    const option = declarations[name];
    const flag = flagOf(name, option);
    if (flag === undefined) throw new Error(`${name} has no flag`);
    const { placeholder = option.placeholder, description = describeFlag(option) } = texts[name] ?? {};
    const typed = new CommandOption(placeholder === "" ? flag : `${flag} ${placeholder}`, description);
    command.addOption(placeholder === "" ? typed : typed.argParser((text) => option.parse(text, flag)));
  }
  return command;
}
