/** The worker of a page. It runs the library with the WebAssembly core and is called by messages. */
import { assignToGrid, separateUniformly } from "../layout/index.js";
import { evaluate } from "../quality/index.js";
import { runBhTsne, runTsne, Tsne } from "../tsne/index.js";
import type { HelperHost } from "../wasm/index.js";
import binding, { loadCore } from "./binding.js";
import { type Call, decode, encode, encodeError, type HelperReply, type Reply, type Request } from "./messages.js";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Request>) => void;
  postMessage(message: Reply, transfer?: Transferable[]): void;
};

/** Running calls by number, so that they can be canceled. */
const calls = new Map<number, AbortController>();

/** The run of this worker, if it has one, and the receivers of its events during a fit. */
let tsne: Tsne | undefined;
let emitters: Emitters = {};
type Emitters = Readonly<Record<string, (value: unknown) => void>>;

let ready: Promise<void> | undefined;

scope.onmessage = ({ data }) => {
  if ("start" in data) ready = start(data.start);
  else if ("cancel" in data) calls.get(data.cancel)?.abort();
  else void ready?.then(() => answer(data.call));
};

async function start(cores: readonly string[]): Promise<void> {
  for (const [i, packed] of cores.entries()) {
    try {
      loadCore(await unpack(packed), host);
      scope.postMessage({ ready: { instructionSet: binding.isa } });
      return;
    } catch (error) {
      if (i < cores.length - 1) continue;
      scope.postMessage({ failed: messageOf(error) });
      throw error;
    }
  }
}

async function unpack(packed: string): Promise<Uint8Array> {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Helpers are workers of the page, which therefore can end all of them at once. */
const host: HelperHost = {
  start: (task) =>
    new Promise((resolve, reject) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }: MessageEvent<HelperReply>) => {
        if ("ready" in data) resolve();
        else reject(new Error(data.failed));
      };
      scope.postMessage({ helper: port2 }, [port2]);
      port1.postMessage(task);
    }),
  warn: (message) => console.warn(`sigma-tsne: ${message}`),
};

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function answer(call: Call): Promise<void> {
  const { id } = call;
  const controller = new AbortController();
  calls.set(id, controller);
  try {
    const result = encode(await perform(call, controller));
    scope.postMessage({ id, result }, buffersOf(result));
  } catch (error) {
    scope.postMessage({ id, error: encodeError(error) });
  } finally {
    calls.delete(id);
  }
}

function perform({ id, name, args, events }: Call, { signal }: AbortController): Promise<unknown> | unknown {
  const given = args.map(decode) as never[];
  const send = (event: string) => (value: unknown) => {
    const encoded = encode(value);
    scope.postMessage({ id, event, value: encoded }, buffersOf(encoded));
  };
  const callbacks = Object.fromEntries(events.map((event) => [event, send(event)]));
  /**
   * The last argument contains the options. The callbacks and the signal could not be posted, so they are added here.
   */
  const withOptions = () => ({ ...(given.at(-1) as unknown as object), ...callbacks, signal }) as never;
  switch (name) {
    case "runTsne":
      return runTsne(given[0], withOptions());
    case "runBhTsne":
      return runBhTsne(given[0], withOptions());
    case "separateUniformly":
      return separateUniformly(given[0], withOptions());
    case "assignToGrid":
      return assignToGrid(given[0], withOptions());
    case "evaluate":
      return evaluate(given[0], given[1], withOptions());
    case "construct":
      return construct(given[0], given[1], events);
    case "fit":
      emitters = callbacks;
      return fitRun(given[0], signal);
    case "place":
      return requireRun().place(given[0], withOptions());
  }
}

function construct(data: never, options: object, events: readonly string[]): object {
  const callbacks = Object.fromEntries(events.map((event) => [event, (value: unknown) => emitters[event]?.(value)]));
  tsne = new Tsne(data, { ...options, ...callbacks });
  return { options: tsne.options, warnings: tsne.warnings, shape: tsne.shape };
}

/** An aborted signal stops the fit after its current iteration. The page decides whether that is an error. */
async function fitRun(iterations: number | undefined, signal: AbortSignal): Promise<object> {
  const run = requireRun();
  signal.addEventListener("abort", () => run.stop(), { once: true });
  const result = await run.fit(iterations);
  return { result, isFinished: run.isFinished };
}

function requireRun(): Tsne {
  if (!tsne) throw new Error("the run has not been made");
  return tsne;
}

/** The buffers of the arrays in a message, which are transferred instead of copied. */
function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) buffersOf(inner, found);
  }
  return [...found];
}
