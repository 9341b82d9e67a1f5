import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import parseRange from "range-parser";

const tags = new WeakMap<ArrayBufferView, string>();

/** A mark of the content, computed once. */
function tagOf(content: Uint8Array | Float32Array | Float64Array | Uint16Array | Uint32Array): string {
  const known = tags.get(content);
  if (known !== undefined) return known;
  const tag = `"${createHash("sha1").update(content).digest("base64url")}"`;
  tags.set(content, tag);
  return tag;
}

/** Answers with bytes, or a range of them, or that they are those that the asker has. */
export function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  content: Uint8Array | Float32Array | Float64Array | Uint16Array | Uint32Array,
  type = "application/octet-stream",
): FastifyReply {
  const tag = tagOf(content);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  // Asked for again every time, as all may have changed, but not sent again.
  reply.headers({ etag: tag, "cache-control": "private, no-cache", "accept-ranges": "bytes" }).type(type);
  const known = request.headers["if-none-match"]?.split(/\s*,\s*/) ?? [];
  if (known.includes(tag) || known.includes("*")) return reply.code(304).send();
  const { range, "if-range": condition } = request.headers;
  if (range === undefined || (condition !== undefined && condition !== tag)) return reply.send(bytes);
  const ranges = parseRange(bytes.length, range, { combine: true });
  if (ranges === -1) {
    reply.code(416).header("content-range", `bytes */${bytes.length}`);
    return reply.type("application/json").send({ code: "RANGE", message: `there are ${bytes.length} bytes` });
  }
  const [first] = ranges === -2 ? [] : ranges;
  // For several ranges, the whole content may be sent.
  if (!first || ranges === -2 || ranges.type !== "bytes" || ranges.length > 1) return reply.send(bytes);
  const { start, end } = first;
  reply.code(206).header("content-range", `bytes ${start}-${end}/${bytes.length}`);
  return reply.send(bytes.subarray(start, end + 1));
}
