import type { ColumnDescription } from "../../protocol.js";

/**
 * A value of a column, as a link if it is a web address. An empty text means that the value is missing, `undefined`
 * that it is still loading.
 */
export function ColumnValue({
  column,
  text,
  isInList = false,
}: {
  column: ColumnDescription;
  text: string | undefined;
  /** Whether the Tab key skips a link. */
  isInList?: boolean;
}) {
  if (text === undefined) return <>…</>;
  if (text === "") return <i>none</i>;
  if ((column.kind === "text" || column.kind === "category") && column.format === "link" && isLink(text)) {
    return (
      <a
        href={text}
        target="_blank"
        rel="noopener noreferrer"
        tabIndex={isInList ? -1 : undefined}
        onClick={(event) => event.stopPropagation()}
      >
        {text}
      </a>
    );
  }
  return <>{text}</>;
}

/** Only http and https are allowed, because other schemes could run a script. */
const isLink = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);
