/** Code that reads untrusted bytes. */
export interface Target {
  readonly name: string;
  /** Extension of the file to which the bytes are written. */
  readonly extension: string;
  /** Returns valid inputs, in addition to those in `corpus/<name>`. */
  seeds(): Promise<readonly Uint8Array[]>;
  /**
   * Tries everything that can be done with the bytes. The only errors allowed are `SigmaTsneError`. A result that
   * breaks a documented promise throws an error of another class.
   *
   * @param path path of a file that contains the bytes
   */
  run(bytes: Uint8Array, path: string): Promise<void>;
  /**
   * For formats with lengths, compression or checksums: the parts of an input that can be changed without making these
   * wrong.
   */
  readonly envelope?: Envelope;
}

export interface Envelope {
  /** Splits an input into its parts. Returns undefined if the input is not valid. */
  open(bytes: Uint8Array): Uint8Array[] | undefined;
  /** Builds an input from its parts, with matching lengths and checksums. */
  seal(parts: readonly Uint8Array[]): Uint8Array;
}

/**
 * Runs `works` one after the other. Throws the first error for which `isOurs` returns false, and ignores all other
 * errors.
 */
export async function tolerate(isOurs: (error: unknown) => boolean, ...works: (() => unknown)[]): Promise<void> {
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      if (!isOurs(error)) throw error;
    }
  }
}

/** @throws {Error} if `holds` is false, which means that a result breaks a promise */
export function promise(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken promise: ${what}`);
}
