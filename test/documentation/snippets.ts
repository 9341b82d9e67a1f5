/** A fenced block of a page. */
export interface Snippet {
  readonly language: string;
  /** Whether it says `no-run` behind its language: it takes long, or needs what is not there. */
  readonly isRun: boolean;
  readonly code: string;
  /** Of its first line in the page, from 1. */
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
 * The TypeScript blocks of a page as one module: imports first, each of its own name once, then the blocks nested in each other. So a
 * block can use the names above it, and can give a name again.
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

/** The commands of a shell block: joined where they go on in the next line, without comments. */
export function findCommands(code: string): string[] {
  return code
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}
