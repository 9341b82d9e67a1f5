import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import parseRange from "range-parser";

const tags = new WeakMap<ArrayBufferView, string>();

/** An entity tag of the content, computed once. */
function tagOf(content: Uint8Array | Float32Array | Float64Array | Uint16Array | Uint32Array): string {
  const known = tags.get(content);
  if (known !== undefined) return known;
  const tag = `"${createHash("sha1").update(content).digest("base64url")}"`;
  tags.set(content, tag);
  return tag;
}

/** Sends bytes, a range of bytes, or "not modified" if the client already has them. */
export function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  content: Uint8Array | Float32Array | Float64Array | Uint16Array | Uint32Array,
  type = "application/octet-stream",
): FastifyReply {
  const tag = tagOf(content);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  // The client must revalidate every time, because all content may change, but unchanged content is not sent again.
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
  // The server may answer a request for several ranges with the whole content.
  if (!first || ranges === -2 || ranges.type !== "bytes" || ranges.length > 1) return reply.send(bytes);
  const { start, end } = first;
  reply.code(206).header("content-range", `bytes ${start}-${end}/${bytes.length}`);
  return reply.send(bytes.subarray(start, end + 1));
}
