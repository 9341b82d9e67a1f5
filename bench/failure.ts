/** A benchmark that cannot go on, for a reason that the message says. */
export class BenchmarkError extends Error {
  override readonly name = "BenchmarkError";
}
