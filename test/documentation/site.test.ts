import { describe, expect, test } from "vitest";
import { nameHeading, PAGES } from "../../docs/.vitepress/pages.mjs";
import { pages } from "./pages.js";

describe("the documentation site", () => {
  test("shows every guide in its sidebar, once", () => {
    expect(new Set(PAGES).size).toBe(PAGES.length);
    expect(pages.map(({ path }) => path).filter((path) => !PAGES.includes(path))).toEqual([]);
  });

  test("names headings as GitHub does", () => {
    expect(nameHeading("How good, how fast?")).toBe("how-good-how-fast");
    expect(nameHeading("`…: is cut off: shape (…) of … needs …`")).toBe("-is-cut-off-shape--of--needs-");
  });
});
