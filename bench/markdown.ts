/** Formats a table. The last `right` columns are aligned to the right, for numbers. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[], right: number): string {
  const lines = [
    header,
    header.map((_, column) => (column < header.length - right ? "---" : "---:")),
    ...rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|"))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1] + upper) / 2;
}

/** Formats a number with three significant digits: 0.123, 1.23, 12.3, 123, 1,234. */
export function significant(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en", {
    minimumFractionDigits: Math.min(digits, 6),
    maximumFractionDigits: Math.min(digits, 6),
  });
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

export function percent(share: number): string {
  const value = share * 100;
  // toPrecision(2) would write 1.0e+2.
  return `${value >= 99.5 ? value.toFixed(0) : value.toPrecision(2)} %`;
}
