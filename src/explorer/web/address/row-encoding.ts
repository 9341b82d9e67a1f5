/** Encodes ascending rows as text for an address: as runs or as one bit per row, whichever is shorter. */
export function encodeRows(rows: Uint32Array, n: number): string {
  const runs = encodeRuns(rows);
  const bits = Math.ceil(n / 8) < runs.length ? encodeBits(rows, n) : undefined;
  return bits ? `b${toBase64(bits)}` : `r${toBase64(runs)}`;
}

/** @returns undefined if the text does not contain rows below `n` */
export function decodeRows(text: string, n: number): Uint32Array | undefined {
  const bytes = fromBase64(text.slice(1));
  if (!bytes) return undefined;
  if (text[0] === "r") return decodeRuns(bytes, n);
  return text[0] === "b" ? decodeBits(bytes, n) : undefined;
}

/**
 * Encodes the lengths of alternating runs of omitted and included rows as LEB128: groups of 7 bits, the lowest first.
 */
function encodeRuns(rows: Uint32Array): Uint8Array {
  const bytes: number[] = [];
  const write = (value: number) => {
    let rest = value;
    for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
    bytes.push(rest);
  };
  let next = 0;
  for (let at = 0; at < rows.length; ) {
    let end = at + 1;
    while (end < rows.length && rows[end] === rows[end - 1] + 1) end++;
    write(rows[at] - next);
    write(end - at);
    next = rows[end - 1] + 1;
    at = end;
  }
  return Uint8Array.from(bytes);
}

function decodeRuns(bytes: Uint8Array, n: number): Uint32Array | undefined {
  const rows: number[] = [];
  let [next, at, isRun] = [0, 0, false];
  while (at < bytes.length) {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) return undefined;
      value += (byte & 127) * 2 ** shift;
      shift += 7;
      if (byte < 128) break;
    }
    if (value > n - next) return undefined;
    if (isRun) for (let i = 0; i < value; i++) rows.push(next + i);
    next += value;
    isRun = !isRun;
  }
  return rows.length > 0 ? Uint32Array.from(rows) : undefined;
}

function encodeBits(rows: Uint32Array, n: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(n / 8));
  for (const row of rows) bytes[row >>> 3] |= 1 << (row & 7);
  return bytes;
}

function decodeBits(bytes: Uint8Array, n: number): Uint32Array | undefined {
  if (bytes.length !== Math.ceil(n / 8)) return undefined;
  const rows: number[] = [];
  for (let row = 0; row < 8 * bytes.length; row++) if (bytes[row >>> 3] & (1 << (row & 7))) rows.push(row);
  return rows.length > 0 && (rows.at(-1) as number) < n ? Uint32Array.from(rows) : undefined;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
