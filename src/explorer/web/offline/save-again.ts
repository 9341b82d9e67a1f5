/** Saves an offline page with the maps and selections that were added to it since it was opened. */
import { OFFLINE_ELEMENT, type OfflineData, paths } from "../../protocol.js";
import { loadSelection, savedSelections } from "../selections/saved-selections.js";
import { save } from "../server-requests.js";
import { failure } from "../state.js";
import { encodeBase64, offline } from "./offline-data.js";
import { computedLayouts, describeOffline } from "./offline-maps.js";

export async function saveAgain(): Promise<void> {
  try {
    save(new Blob(await pieces(), { type: "text/html" }), "explorer.html");
  } catch (error) {
    failure.value = `The file was not saved: ${(error as Error).message}`;
  }
}

async function pieces(): Promise<string[]> {
  const { description, answers, computer } = offline as OfflineData;
  const added: Record<string, { type: string; base64: string }> = {};
  const add = (path: string, content: ArrayBufferView) => {
    added[path] = { type: "application/octet-stream", base64: encodeBase64(content) };
  };
  for (const [id, positions] of await computedLayouts()) add(paths.layout(id), positions);
  const selections = savedSelections();
  for (const { name } of selections) add(paths.savedSelection(name), await loadSelection(name));
  const data: OfflineData = {
    description: { ...describeOffline(description), selections, computations: [] },
    answers: { ...answers, ...added },
    computer,
  };
  // The head contains the policy, the script and the style exactly as they were saved, so the hash in the policy fits.
  const head = document.head.outerHTML;
  // Escaping `<` prevents a text in the data from closing the script element.
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return [
    `<!doctype html>\n<html lang="${document.documentElement.lang}">\n${head}\n<body>`,
    `<script type="application/json" id="${OFFLINE_ELEMENT}">`,
    json,
    "</script></body></html>\n",
  ];
}
