/** The WebAssembly module of the core, called through its C interface (native/interface/sigma_tsne.h). */

import type { HelperTask } from "./helper.js";
import {
  type CoreFunction,
  type CoreMemory,
  type CoreModule,
  hasThreads,
  instantiateCore,
  makeSharedMemory,
} from "./module.js";

/** A value of a table. The C interface passes tables in both directions. */
export type CoreValue = number | boolean | string | CoreArray | CoreTable;
export type CoreArray =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>;
export interface CoreTable {
  [name: string]: CoreValue;
}

/** Receives progress reports. If it returns true, the work is canceled. */
export type CoreReporter = (report: CoreTable) => boolean;

/** An error of the core, with the properties that errors of the native addon have. */
export class CoreError extends Error {
  readonly code: string;

  constructor({ code, message, ...facts }: CoreTable) {
    super(String(message ?? "not enough memory"));
    this.code = String(code ?? "OUT_OF_MEMORY");
    Object.assign(this, facts);
  }
}

/** Values of the enum sigma_kind in the header. */
const NUMBER = 1;
const FLAG = 2;
const TEXT = 3;
const FLOAT32 = 4;
const FLOAT64 = 5;
const UINT32 = 6;
const TABLE = 7;
const INT32 = 8;
const ARRAYS = {
  [FLOAT32]: Float32Array,
  [FLOAT64]: Float64Array,
  [UINT32]: Uint32Array,
  [INT32]: Int32Array,
} as const;

/** Size in bytes of each of the module's two text buffers (native/wasm/host.cpp). */
const TEXT_BYTES = 1024;

/** Arguments of a call. */
export interface CoreCall {
  /** Pointer to a run, for functions of runs. */
  run?: number;
  /** Properties that are undefined are left out. */
  input?: object | undefined;
  /** Replaces `input`: a table that {@link Core.copy} returned. */
  table?: number;
  report?: CoreReporter | undefined;
}

/**
 * One instance of the module with its own memory, on the thread that created it. Pointers to runs are numbers. A run
 * keeps its memory until it is freed.
 */
export class Core {
  readonly #module: CoreModule;
  readonly #functions: Readonly<Record<string, CoreFunction>>;
  readonly #memory: CoreMemory;
  readonly #texts: number;
  #reporter: CoreReporter | undefined;
  #thrown: { error: unknown } | undefined;

  /** Whether {@link makeHelper} can be used. */
  readonly hasThreads: boolean;

  /** @param module the compiled module */
  constructor(module: CoreModule) {
    this.#module = module;
    this.hasThreads = hasThreads(module);
    const shared = this.hasThreads ? makeSharedMemory() : undefined;
    const exports = instantiateCore(module, shared, { report: (report) => this.#report(report) });
    this.#functions = exports as unknown as Record<string, CoreFunction>;
    this.#memory = shared ?? (exports.memory as CoreMemory);
    this.#functions._initialize();
    this.#texts = this.#functions.sigma_text_buffers();
  }

  /** Size of the module's memory in bytes. It grows and never shrinks. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Calls a function of the C interface that returns a table.
   *
   * @throws {CoreError} and any error of `report`
   */
  compute(name: string, { run, input, table: given, report }: CoreCall): CoreTable {
    const table = given ?? (input && this.copy(input));
    this.#reporter = report;
    this.#thrown = undefined;
    const reporter = report ? this.#functions.sigma_reporter() : 0;
    const before = run === undefined ? [] : [run];
    let result: number;
    try {
      result = this.#functions[name](...before, ...(table === undefined ? [] : [table, reporter, 0]));
    } finally {
      this.#reporter = undefined;
      if (table !== undefined && given === undefined) this.free(table);
    }
    // The type assertion is needed because the compiler does not know that the function calls the reporter.
    const thrown = this.#thrown as { error: unknown } | undefined;
    if (thrown) {
      if (result !== 0) this.#functions.sigma_values_free(result);
      throw thrown.error;
    }
    if (result === 0) throw this.#lastError();
    const read = this.#read(result);
    this.#functions.sigma_values_free(result);
    return read;
  }

  /** Creates a run and returns its pointer. */
  makeRun(input: object): number {
    const table = this.copy(input);
    const run = this.#functions.sigma_run_new(table);
    this.#functions.sigma_values_free(table);
    if (run === 0) throw this.#lastError();
    return run;
  }

  free(table: number): void {
    this.#functions.sigma_values_free(table);
  }

  freeRun(run: number): void {
    this.#functions.sigma_run_free(run);
  }

  /** Prepares a helper thread for a core with threads. */
  makeHelper(): HelperTask {
    const slot = this.#functions.sigma_slot_new();
    if (slot === 0) throw new CoreError({});
    return {
      module: this.#module,
      memory: this.#memory,
      slot,
      stack: this.#functions.sigma_slot_stack(slot),
      threadLocals: this.#functions.sigma_slot_thread_locals(slot),
    };
  }

  /**
   * The bytes of the memory up to `end` at least. If a helper thread has enlarged a shared memory, this thread may still
   * have a shorter view of it, which grow() replaces.
   */
  #bytes(end: number): ArrayBuffer {
    if (end > this.#memory.buffer.byteLength) this.#memory.grow(0);
    // Views of shared memory have the same functions, and this class copies what it returns.
    return this.#memory.buffer as ArrayBuffer;
  }

  #report(report: number): number {
    try {
      return this.#reporter?.(this.#read(report)) ? 1 : 0;
    } catch (error) {
      this.#thrown = { error };
      return 1;
    }
  }

  #lastError(): CoreError {
    return new CoreError(this.#read(this.#functions.sigma_last_error()));
  }

  /** Writes a text into one of the module's buffers for the name and the text of a call. */
  #place(text: string, buffer: 0 | 1): number {
    const bytes = new TextEncoder().encode(`${text}\0`);
    if (bytes.length > TEXT_BYTES) {
      throw new CoreError({ code: "INVALID_ARGUMENT", message: `a text of more than ${TEXT_BYTES - 1} bytes` });
    }
    const at = this.#texts + buffer * TEXT_BYTES;
    new Uint8Array(this.#bytes(at + bytes.length), at, bytes.length).set(bytes);
    return at;
  }

  #readText(at: number): string {
    const bytes = new Uint8Array(this.#bytes(at + TEXT_BYTES));
    // A copy, because browsers do not decode shared memory.
    return new TextDecoder().decode(bytes.slice(at, bytes.indexOf(0, at)));
  }

  /**
   * Copies an object into a table of the core, which must be freed with {@link free}. Functions and undefined
   * properties are left out.
   *
   * @throws {CoreError}
   */
  copy(input: object): number {
    const table = this.#functions.sigma_values_new();
    if (table === 0) throw this.#lastError();
    try {
      for (const [name, value] of Object.entries(input)) this.#set(table, name, value);
    } catch (error) {
      this.#functions.sigma_values_free(table);
      throw error;
    }
    return table;
  }

  #set(table: number, name: string, value: unknown): void {
    const functions = this.#functions;
    if (value === undefined || typeof value === "function") return;
    if (typeof value !== "object" || value === null) {
      const at = this.#place(name, 0);
      if (typeof value === "boolean") this.#require(functions.sigma_set_flag(table, at, value ? 1 : 0));
      else if (typeof value === "string") this.#require(functions.sigma_set_text(table, at, this.#place(value, 1)));
      else this.#require(functions.sigma_set_number(table, at, Number(value)));
    } else if (value instanceof Float32Array) this.#setArray(table, name, FLOAT32, value);
    else if (value instanceof Float64Array) this.#setArray(table, name, FLOAT64, value);
    else if (value instanceof Uint32Array) this.#setArray(table, name, UINT32, value);
    else if (value instanceof Int32Array) this.#setArray(table, name, INT32, value);
    else if (Array.isArray(value)) this.#setArray(table, name, FLOAT64, value);
    else {
      const inner = this.copy(value);
      this.#require(functions.sigma_set_table(table, this.#place(name, 0), inner));
    }
  }

  #setArray(table: number, name: string, kind: keyof typeof ARRAYS, numbers: ArrayLike<number>): void {
    const at = this.#functions.sigma_set_array(table, this.#place(name, 0), kind, numbers.length);
    if (numbers.length === 0) return;
    this.#require(at);
    const start = at >>> 0;
    const { BYTES_PER_ELEMENT } = ARRAYS[kind];
    new ARRAYS[kind](this.#bytes(start + numbers.length * BYTES_PER_ELEMENT), start, numbers.length).set(numbers);
  }

  #require(done: number): void {
    if (done === 0) throw this.#lastError();
  }

  #read(table: number): CoreTable {
    const functions = this.#functions;
    const count = functions.sigma_count(table);
    const read: CoreTable = {};
    for (let i = 0; i < count; i++) {
      const name = functions.sigma_name(table, i) >>> 0;
      read[this.#readText(name)] = this.#get(table, name);
    }
    return read;
  }

  #get(table: number, name: number): CoreValue {
    const functions = this.#functions;
    const kind = functions.sigma_kind_of(table, name);
    switch (kind) {
      case NUMBER:
        return functions.sigma_get_number(table, name);
      case FLAG:
        return functions.sigma_get_flag(table, name) !== 0;
      case TEXT:
        return this.#readText(functions.sigma_get_text(table, name) >>> 0);
      case TABLE:
        return this.#read(functions.sigma_get_table(table, name));
      default: {
        const length = functions.sigma_get_length(table, name);
        const at = functions.sigma_get_array(table, name) >>> 0;
        const Numbers = ARRAYS[kind as keyof typeof ARRAYS];
        if (length === 0) return new Numbers(0);
        return new Numbers(this.#bytes(at + length * Numbers.BYTES_PER_ELEMENT), at, length).slice();
      }
    }
  }
}
