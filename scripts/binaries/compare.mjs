// Compares the results of scripts/release/trial.mjs on several systems: node scripts/binaries/compare.mjs FOLDER
// The folder contains one file per trial, named after its system.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { compareResults, describeResult } from "./trials.mjs";

const [folder] = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".json"));
const results = files.map((file) => ({
  system: basename(file, ".json"),
  ...JSON.parse(readFileSync(join(folder, file), "utf8")),
}));
console.log(results.map(describeResult).join("\n"));
compareResults(results);
