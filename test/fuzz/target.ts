/** Something that takes bytes from strangers. */
export interface Target {
  readonly name: string;
  /** Of the file that the bytes are put into: its extension. */
  readonly extension: string;
  /** Sound inputs to begin with, beside those in `corpus/<name>`. */
  seeds(): Promise<readonly Uint8Array[]>;
  /**
   * Does with the bytes all that can be done with them. Only a `SigmaTsneError` may come out; a result that breaks a promise is an
   * error of another kind.
   *
   * @param path a file that holds the bytes
   */
  run(bytes: Uint8Array, path: string): Promise<void>;
  /** For formats with lengths, compression or checksums: what can be changed below them. */
  readonly envelope?: Envelope;
}

export interface Envelope {
  /** The parts of an input, undefined where it is none. */
  open(bytes: Uint8Array): Uint8Array[] | undefined;
  /** The input of these parts, with lengths and checksums that fit. */
  seal(parts: readonly Uint8Array[]): Uint8Array;
}

/** Runs each of the works and throws the first error that is none of the package's. */
export async function tolerate(isOurs: (error: unknown) => boolean, ...works: (() => unknown)[]): Promise<void> {
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      if (!isOurs(error)) throw error;
    }
  }
}

/** @throws {Error} where a promise about results does not hold */
export function promise(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken promise: ${what}`);
}
