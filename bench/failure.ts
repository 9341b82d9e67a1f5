/** A benchmark cannot continue. The message gives the reason. */
export class BenchmarkError extends Error {
  override readonly name = "BenchmarkError";
}
