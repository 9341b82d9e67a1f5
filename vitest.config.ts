import { defineConfig } from "vitest/config";

const shared = { testTimeout: 60_000, hookTimeout: 120_000 };

// "unit" imports the sources; "e2e" runs the built command line and the built package as processes; "browser" opens what they write in
// a Chromium, and "faults" disturbs processes in every way, for minutes: `npm test` does without both.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [
            "test/e2e/**",
            "test/browser/**",
            "test/faults/**",
            "test/tfjs-node/**",
            "test/vae/tensorboard/reader/**",
            "test/io/reader/**",
          ],
        },
      },
      { test: { ...shared, name: "e2e", include: ["test/e2e/**/*.test.ts"], globalSetup: ["test/e2e/build.ts"] } },
      {
        test: {
          ...shared,
          name: "faults",
          testTimeout: 600_000,
          include: ["test/faults/**/*.test.ts"],
          globalSetup: ["test/e2e/build.ts"],
        },
      },
      {
        test: {
          ...shared,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/e2e/build.ts"],
        },
      },
    ],
  },
});
