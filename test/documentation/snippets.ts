/** A fenced block of a page. */
export interface Snippet {
  readonly language: string;
  /**
   * Whether the block is run by the tests. Blocks with the mark `no-run` are not run: they take long or need files that
   * are not available.
   */
  readonly isRun: boolean;
  readonly code: string;
  /** Number of its first line in the page, from 1. */
  readonly line: number;
}

export function findSnippets(markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  const fence = /^```(\w+)([^\n]*)\n(.*?)^```$/gms;
  for (const { 1: language = "", 2: marks = "", 3: code = "", index } of markdown.matchAll(fence)) {
    const line = markdown.slice(0, index).split("\n").length + 1;
    snippets.push({ language, isRun: !marks.split(/\s+/).includes("no-run"), code, line });
  }
  return snippets;
}

/**
 * Joins the TypeScript blocks of a page to one module: first each imported name once, then the blocks, each nested in
 * the previous one. A block can therefore use the names of earlier blocks, and can also define them again.
 */
export function joinProgram(snippets: readonly Snippet[]): string {
  const imports = new Map<string, Set<string>>();
  const bodies = snippets.map(({ code }) =>
    code.replace(/^import \{([^}]*)\} from "([^"]+)";.*\n/gm, (_, names: string, source: string) => {
      const known = imports.get(source) ?? new Set();
      for (const name of names.split(",")) if (name.trim() !== "") known.add(name.trim());
      imports.set(source, known);
      return "";
    }),
  );
  const heads = [...imports].map(([source, names]) => `import { ${[...names].join(", ")} } from "${source}";`);
  return `${[...heads, ...bodies.map((body) => `{\n${body}`)].join("\n")}\n${"}".repeat(bodies.length)}\nexport {};\n`;
}

/** Returns the commands of a shell block, without comments. A command that continues on the next line is joined. */
export function findCommands(code: string): string[] {
  return code
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}
