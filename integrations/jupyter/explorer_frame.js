// The explorer's page in a frame below a cell. The page and this script exchange the selection by postMessage: each looks at the origin and
// the window of what it receives, and each message names the origin that may read it.

/** How long a page may take before a text says that it does not answer. */
const PATIENCE = 15_000;
/** Jupyter's server accepts messages of at most 10 MiB; a row needs four bytes. */
const MAX_ROWS = 2_500_000;

function render({ model, el }) {
  const url = model.get("_url");
  const origins = model.get("_origins");
  if (!origins.includes(location.origin)) {
    el.append(
      paragraph(
        `The explorer may be shown at ${origins.join(" and ")}, and this notebook is at ${location.origin}. ` +
          `Create it with Explorer(..., origin="${location.origin}"), or start the server with --frame-origins ${location.origin}.`,
      ),
    );
    return;
  }
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.title = "sigma-tsne explorer";
  frame.allow = "fullscreen; clipboard-write";
  Object.assign(frame.style, { width: "100%", height: `${model.get("_height")}px`, border: "0", display: "block" });
  const late = paragraph(
    `The explorer at ${new URL(url).origin} does not answer. This browser must reach that address.`,
  );
  late.hidden = true;
  const large = paragraph(
    `Python does not have this selection: Jupyter accepts at most ${MAX_ROWS.toLocaleString("en")} rows from the page.`,
  );
  large.hidden = true;
  el.append(late, large, frame);

  const page = new URL(url).origin;
  const timer = setTimeout(() => {
    late.hidden = false;
  }, PATIENCE);
  // The rows that the page is known to have, so that nothing goes round in circles.
  let shown = new Uint32Array();
  let isReady = false;

  const send = (rows) => {
    shown = rows;
    frame.contentWindow.postMessage({ kind: "sigma-tsne select", rows }, page);
  };
  const receive = ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== page) return;
    if (data?.kind === "sigma-tsne ready") {
      clearTimeout(timer);
      late.hidden = true;
      isReady = true;
      send(pointsOf(model));
    } else if (data?.kind === "sigma-tsne selected" && data.rows instanceof Uint32Array) {
      shown = data.rows;
      const isLarge = shown.length > MAX_ROWS && !isSame(shown, pointsOf(model));
      large.hidden = !isLarge;
      if (isLarge) return;
      if (isSame(shown, pointsOf(model))) return;
      model.set("_points", new DataView(shown.slice().buffer));
      model.save_changes();
    }
  };
  const follow = () => {
    const rows = pointsOf(model);
    if (isReady && !isSame(rows, shown)) send(rows);
  };
  window.addEventListener("message", receive);
  model.on("change:_points", follow);
  return () => {
    clearTimeout(timer);
    window.removeEventListener("message", receive);
    model.off("change:_points", follow);
  };
}

function pointsOf(model) {
  const view = model.get("_points");
  return view
    ? new Uint32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength))
    : new Uint32Array();
}

const isSame = (a, b) => a.length === b.length && a.every((row, i) => row === b[i]);

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  element.setAttribute("role", "status");
  return element;
}

export default { render };
