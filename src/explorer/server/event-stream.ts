import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { Exploration } from "../exploration.js";
import type { ComputationState } from "../protocol.js";
import { RequestError } from "./failure.js";

/** Maximum number of pages that listen at the same time. */
const MAX_LISTENERS = 64;
/** Milliseconds for which changes are collected before they are sent. */
const COLLECTING = 100;
/** Milliseconds between heartbeats, which keep an idle connection open. */
const HEARTBEAT = 15_000;
/** Milliseconds after which a page tries to reconnect when the connection to the server is lost. */
const RETRY = 1000;

const CHANGED = "event: exploration\ndata:\n\n";

/** Sends the changes of an exploration to all listening pages as server-sent events. */
export class EventStream {
  readonly #exploration: Exploration;
  readonly #listeners = new Set<ServerResponse>();
  /** The latest state of each computation that has changed since the last message. */
  readonly #changed = new Map<string, ComputationState>();
  #isDescriptionChanged = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(exploration: Exploration) {
    this.#exploration = exploration;
    exploration.on("computation", this.#onComputation).on("change", this.#onChange);
    this.#heartbeat = setInterval(() => this.#send(":\n\n"), HEARTBEAT);
  }

  close(): void {
    this.#exploration.off("computation", this.#onComputation).off("change", this.#onChange);
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    for (const listener of this.#listeners) listener.end();
  }

  /** Keeps the response open and sends all further events to it. */
  connect(reply: FastifyReply): void {
    if (this.#listeners.size >= MAX_LISTENERS) {
      throw new RequestError(503, "TOO_MANY", `${MAX_LISTENERS} pages are open already; close some of them`);
    }
    const headers = reply.getHeaders() as OutgoingHttpHeaders;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...headers, "content-type": "text/event-stream", "cache-control": "no-store" });
    this.#listeners.add(raw);
    raw.on("close", () => this.#listeners.delete(raw));
    raw.write(`retry: ${RETRY}\n\n${this.#allStates()}`);
  }

  readonly #onComputation = (state: ComputationState) => {
    this.#changed.set(state.id, state);
    this.#timer ??= setTimeout(this.#flush, COLLECTING);
  };

  readonly #onChange = () => {
    this.#isDescriptionChanged = true;
    this.#timer ??= setTimeout(this.#flush, COLLECTING);
  };

  readonly #flush = () => {
    this.#timer = undefined;
    const events = Array.from(this.#changed.values(), toEvent);
    if (this.#isDescriptionChanged) events.push(CHANGED);
    this.#changed.clear();
    this.#isDescriptionChanged = false;
    if (events.length > 0) this.#send(events.join(""));
  };

  #send(text: string): void {
    for (const listener of this.#listeners) {
      if (!listener.writableNeedDrain) listener.write(text);
      // If a page stops reading, the server sends nothing until it reads again, and then sends the current state of
      // everything.
      else if (listener.listenerCount("drain") === 0) {
        listener.once("drain", () => listener.write(`${this.#allStates()}${CHANGED}`));
      }
    }
  }

  #allStates(): string {
    return this.#exploration.describe().computations.map(toEvent).join("");
  }
}

const toEvent = (state: ComputationState): string => `event: computation\ndata: ${JSON.stringify(state)}\n\n`;
