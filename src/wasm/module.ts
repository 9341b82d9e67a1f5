/** The compiled module of the core, its memory and its imports. */

/**
 * The part of the WebAssembly interface that the package uses. The types of Node.js lack it, and those of browsers are
 * not loaded.
 */
export type CoreModule = object;
export interface CoreMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  grow(pages: number): number;
}
export type CoreFunction = (...values: number[]) => number;
interface WebAssemblyApi {
  Module: {
    new (bytes: Uint8Array): CoreModule;
    imports(module: CoreModule): readonly { module: string; name: string; kind: string }[];
  };
  Instance: new (module: CoreModule, imports: object) => { exports: Readonly<Record<string, unknown>> };
  Memory: new (description: { initial: number; maximum: number; shared: true }) => CoreMemory;
}
const wasm = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

/** Compiles the module. */
export const compileCore = (bytes: Uint8Array): CoreModule => new wasm.Module(bytes);

/** Pages of 64 KiB: the size of a new memory, and the limit with which scripts/wasm.mjs links the modules. */
const INITIAL_PAGES = 64;
const MOST_PAGES = 65535;

/** Makes the memory of a module with threads. Throws an error if the system does not allow shared memory. */
export const makeSharedMemory = (): CoreMemory =>
  new wasm.Memory({ initial: INITIAL_PAGES, maximum: MOST_PAGES, shared: true });

/** Whether the module computes with threads, on a memory that it imports. */
export const hasThreads = (module: CoreModule): boolean =>
  wasm.Module.imports(module).some(({ kind }) => kind === "memory");

/**
 * Makes an instance of the module. It can use a clock and the functions of the host, but has no other access to the
 * system.
 *
 * @param memory of a module with threads; other modules have their own
 * @param host functions by name: `report`, and `ready` in instances of helper threads
 */
export function instantiateCore(
  module: CoreModule,
  memory: CoreMemory | undefined,
  host: Readonly<Record<string, (...values: number[]) => number>>,
): Readonly<Record<string, unknown>> {
  const view = () => new DataView(used.buffer);
  const given: Record<string, unknown> = {
    ...host,
    memory,
    clock_time_get: (_clock: number, _precision: bigint, at: number) => {
      view().setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    environ_sizes_get: (count: number, bytes: number) => {
      view().setUint32(count, 0, true);
      view().setUint32(bytes, 0, true);
      return 0;
    },
    environ_get: () => 0,
  };
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name } of wasm.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] =
      given[name] ??
      (() => {
        throw new Error(`the core called ${name}, which is not available in WebAssembly`);
      });
  }
  const { exports } = new wasm.Instance(module, imports);
  const used = memory ?? (exports.memory as CoreMemory);
  return exports;
}
