/** The data of an offline file, which stand in the page itself. */
import { OFFLINE_ELEMENT, type OfflineData } from "../../protocol.js";

/** undefined in a page that a server sends. */
export const offline: OfflineData | undefined = readOffline();

function readOffline(): OfflineData | undefined {
  const text = document.getElementById(OFFLINE_ELEMENT)?.textContent;
  return text ? (JSON.parse(text) as OfflineData) : undefined;
}

export function decodeBase64(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Encodes in pieces, because a call has a limited number of arguments. */
export function encodeBase64(content: ArrayBufferView): string {
  const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
const PIECE = 2 ** 13;
