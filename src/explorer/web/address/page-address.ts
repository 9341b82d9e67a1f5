import { batch, effect, untracked } from "@preact/signals";
import { isActive } from "../computations/computations.js";
import { forgetSelectionHistory } from "../selections/history.js";
import { computations, description, failure } from "../state.js";
import { addressFields } from "./address-fields.js";

/** Milliseconds without a change after which the address is written. Browsers limit how often an address may change. */
const DELAY = 300;

/** Fields of the address that are not restored yet. */
let waiting: Map<string, string> | undefined;

/**
 * Restores the state in the address of the page, for example from a bookmark. The state is after the `#`, which
 * browsers do not send to the server. Must be called whenever the description changes, because layouts and columns may
 * be computed later.
 */
export function restoreFromAddress(): void {
  if (!description.peek()?.n) return;
  const isFirst = waiting === undefined;
  waiting ??= new Map(new URLSearchParams(location.hash.slice(1)));
  const pending = waiting;
  if (isFirst) listen();
  const invalid: string[] = [];
  batch(() => {
    for (const { key, restore } of addressFields) {
      const text = pending.get(key);
      if (text === undefined) continue;
      const outcome = restore(text);
      const isHopeless = outcome === "later" && ![...computations.peek().values()].some(isActive);
      if (outcome === "invalid" || isHopeless) invalid.push(key);
      if (outcome !== "later" || isHopeless) pending.delete(key);
    }
  });
  const known = new Set(addressFields.map(({ key }) => key));
  for (const key of [...pending.keys()].filter((one) => !known.has(one))) {
    invalid.push(key);
    pending.delete(key);
  }
  if (isFirst) forgetSelectionHistory();
  if (invalid.length > 0) {
    failure.value = `Some parts of the address do not fit these data and were left out: ${invalid.join(", ")}.`;
  }
}

/** Keeps the address up to date, and restores the state of an address that the user types or opens from a bookmark. */
function listen(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    // This reads all fields so that the effect runs again when any of them changes.
    const parts = addressFields.map(({ key, read }) => [key, read()] as const);
    clearTimeout(timer);
    timer = setTimeout(() => untracked(() => write(parts)), DELAY);
  });
  addEventListener("hashchange", () => location.reload());
}

function write(parts: readonly (readonly [string, string | undefined])[]): void {
  const params = new URLSearchParams();
  for (const [key, text] of parts) {
    const kept = waiting?.get(key) ?? text;
    if (kept !== undefined) params.set(key, kept);
  }
  // Commas, colons and @ do not need to be escaped after a #.
  const hash = params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%40", "@");
  try {
    history.replaceState(null, "", `#${hash}`);
  } catch {
    // Some browsers do not let a local file change its address. Then only bookmarks of the state are lost.
  }
}
