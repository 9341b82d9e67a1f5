import { expect, test, vi } from "vitest";

vi.mock("@napi-rs/canvas", () => {
  throw new Error("the drawing library was loaded");
});

test("the drawing library is only loaded when something is drawn", async () => {
  const { drawMap, pictureFormat } = await import("../../src/plot/index.js");
  expect(pictureFormat("map.png")).toBe("png");
  await expect(drawMap([])).rejects.toThrow("at least one point");
  await expect(drawMap([[1, 2]])).rejects.toThrow();
});
