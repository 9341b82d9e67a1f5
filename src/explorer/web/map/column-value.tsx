import type { ColumnDescription } from "../../protocol.js";

/** A value of a column: a link to the web where it is one. Without a text it is missing; `undefined` while it is loaded. */
export function ColumnValue({
  column,
  text,
  isInList = false,
}: {
  column: ColumnDescription;
  text: string | undefined;
  /** Whether the Tab key passes over a link. */
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

/** Any other scheme could run a script. */
const isLink = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);
