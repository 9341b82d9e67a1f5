import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Workplace } from "./workplace.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
});
afterAll(() => workplace.remove());

it("writes its files and explains them", async () => {
  const { code, stdout } = await workplace.run(["demo", "--points", "100", "--threads", "2"]);
  expect(code).toBe(0);
  const files = await readdir(workplace.path("sigma-tsne-demo"));
  expect(files).toContain("comparison.png");
  for (const name of files) expect(stdout).toContain(`\n  ${name} `);
  expect(stdout).toContain("sigma-tsne demo --data codes");
});

it("trains an autoencoder with --data codes", async () => {
  const typed = ["demo", "--data", "codes", "-o", "codes", "--points", "100", "--epochs", "1", "--threads", "2"];
  const { code, stdout } = await workplace.run(typed);
  expect(code).toBe(0);
  const files = await readdir(workplace.path("codes"));
  expect(files).toContain("wall.png");
  for (const name of files) expect(stdout).toContain(`\n  ${name} `);
});

it("trains micrograph-vae with --model", async () => {
  const typed = ["demo", "--data", "codes", "--model", "micrograph-vae", "-o", "micrograph-codes", "--json", "--quiet"];
  const { code, stdout } = await workplace.run([...typed, "--points", "64", "--epochs", "1", "--threads", "2"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).model).toMatchObject({ name: "micrograph-vae", zDim: 64, epochs: 1 });
  expect(await readdir(workplace.path("micrograph-codes"))).toContain("figures");
});

it("prints one JSON object on one line with --json", async () => {
  const { code, stdout, stderr } = await workplace.run([
    ...["demo", "-o", "elsewhere", "--data", "acquisitions", "--points", "200", "--seed", "3", "--json", "--quiet"],
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^\{[^\n]*\}\n$/);
  expect(JSON.parse(stdout)).toHaveProperty("explanation");
  expect((await readdir(workplace.path("elsewhere"))).length).toBeGreaterThan(0);
});
