import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { createProgram } from "../../src/cli/program.js";
import { Workplace } from "./workplace.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
});
afterAll(() => workplace.remove());

describe.each([
  ["the program", []],
  ["embed", ["embed"]],
  ["evaluate", ["evaluate"]],
  ["trust", ["trust"]],
  ["compare", ["compare"]],
  ["place", ["place"]],
  ["plot", ["plot"]],
  ["separate", ["separate"]],
  ["demo", ["demo"]],
  ["train", ["train"]],
  ["encode", ["encode"]],
  ["decode", ["decode"]],
  ["sample", ["sample"]],
  ["interpolate", ["interpolate"]],
  ["evaluate-model", ["evaluate-model"]],
  ["compare-models", ["compare-models"]],
  ["figures", ["figures"]],
])("--help of %s", (_, command) => {
  it("goes to standard output with exit code 0, shows examples and exit codes, and fits 80 columns", async () => {
    const { code, stdout, stderr } = await workplace.run([...command, "--help"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain(`\nExamples:\n  $ sigma-tsne ${command[0] ?? "demo"}`);
    expect(stdout).toMatch(/Exit codes:\s+0/);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

it("describes every option of every command", () => {
  for (const command of createProgram().commands) {
    expect(command.description()).not.toBe("");
    for (const option of command.options) expect(option.description, option.flags).not.toBe("");
  }
});

it("prints the version of the package", async () => {
  const outcome = await workplace.run(["--version"]);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: `${packageJson.version}\n`, stderr: "" });
});

it("shows the help on standard error and exits with code 2 without a command", async () => {
  const { code, stdout, stderr } = await workplace.run([]);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("Usage: sigma-tsne");
});
