import { expect, it } from "vitest";
import { visibleText } from "../../src/explorer/web/map/visible-text.js";

it("replaces invisible characters and shortens long texts", () => {
  expect(visibleText("a label, ünïcode 漢字")).toBe("a label, ünïcode 漢字");
  expect(visibleText("\u202eevil\u200b\u2066\n")).toBe("\ufffdevil\ufffd\ufffd\ufffd");
  expect(visibleText("x".repeat(3000))).toBe(`${"x".repeat(200)}…`);
});
