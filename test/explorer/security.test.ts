import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Exploration } from "../../src/explorer/exploration.js";
import { explore } from "../../src/explorer/index.js";
import type { Failure } from "../../src/explorer/protocol.js";
import { isLoopback } from "../../src/explorer/server/security.js";
import { Matrix } from "../../src/matrix.js";
import { type Served, sendRaw, serve } from "./serve.js";

const token = "a".repeat(43);
const SECRET = "nobody may read this";
let folder: string;
let page: string;
let local: Served;
let guarded: Served;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-explorer-"));
  page = join(folder, "page");
  await mkdir(join(page, "assets"), { recursive: true });
  await writeFile(join(page, "index.html"), "<!doctype html><title>the page</title>");
  await writeFile(join(page, "assets", "page.js"), "the script");
  await writeFile(join(page, ".hidden"), SECRET);
  await writeFile(join(folder, "secret.txt"), SECRET);
  await symlink(join(folder, "secret.txt"), join(page, "link.txt"));
  await symlink(folder, join(page, "linked"));
  local = await serve(exploration(), { page });
  guarded = await serve(exploration(), { page, host: "0.0.0.0", token });
});
afterAll(async () => {
  await Promise.all([local.close(), guarded.close()]);
  await rm(folder, { recursive: true });
});

function exploration(): Exploration {
  const points = new Exploration("points", 5);
  const positions = new Matrix(
    Float32Array.from({ length: 10 }, (_, i) => i),
    5,
    2,
  );
  points.addMap({ id: "map", title: "Map", subtitle: "", positions });
  return points;
}

/** A raw request line and headers. */
const raw = (served: Served, target: string, headers = `Host: 127.0.0.1:${served.port}`, method = "GET") =>
  sendRaw(served.port, `${method} ${target} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`);
const statusOf = (answer: string) => Number(answer.slice(9, 12));

describe("files", () => {
  it("that belong to the page are served", async () => {
    expect(await (await local.get("/")).text()).toContain("the page");
    expect(await (await local.get("/assets/page.js")).text()).toBe("the script");
  });

  it.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/assets/%2e%2e/%2e%2e/secret.txt",
    "/%252e%252e%252fsecret.txt",
    "/..%c0%afsecret.txt",
    "//../secret.txt",
    "/./../secret.txt",
    "/.hidden",
    "/link.txt",
    "/linked/secret.txt",
    "/linked/./secret.txt",
    "/assets",
    "/assets/",
    "/\0/../secret.txt",
    "/%00",
    "/%",
    "/api/layouts/..%2f..%2fsecret.txt",
    "/api/columns/%2e%2e%2fsecret.txt",
    "/api/computations/..%2f..%2fsecret.txt/layout",
    "/api/thumbnails/../../secret.txt",
    "http://127.0.0.1/../secret.txt",
  ])("outside the page's folder are not served: %s", async (target) => {
    const answer = await raw(local, target);
    expect(answer).toMatch(/^HTTP\/1.1 (400|403|404) /);
    expect(answer).not.toContain(SECRET);
  });
});

describe("error answers", () => {
  it("have codes that identify the error in the request", async () => {
    const codeOf = async (target: string) => /"code":"(\w+)"/.exec(await raw(local, target))?.[1];
    expect(await codeOf("/.hidden")).toBe("FORBIDDEN");
    expect(await codeOf("/%00")).toBe("BAD_REQUEST");
    expect(await codeOf("/nothing")).toBe("NOT_FOUND");
  });

  it("explain to a browser without the token where to find the token", async () => {
    const answer = await guarded.get("/", { accept: "text/html,*/*" });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await answer.text()).toContain("This address lacks its token");
    expect((await guarded.get("/", { accept: "application/json" })).headers.get("content-type")).toContain("json");
  });
});

describe("the printed addresses", () => {
  it.each(["0.0.0.0", "127.0.0.1"])("are those that a browser can open, for %s", async (host) => {
    const path = join(folder, "positions.csv");
    await writeFile(path, "x,y\n1,2\n3,4\n5,6\n");
    const { urls, url, close } = await explore(path, { host, port: 0 });
    expect(url).toBe(urls[0]);
    for (const address of urls) {
      expect(address).not.toContain("0.0.0.0");
      expect((await fetch(address, { redirect: "manual" })).status).toBe(host === "0.0.0.0" ? 303 : 200);
    }
    await close();
  });
});

describe("the name of the server", () => {
  it("must be one of its own names", async () => {
    for (const host of [`127.0.0.1:${local.port}`, `localhost:${local.port}`, `[::1]:${local.port}`, "localhost"]) {
      expect(statusOf(await raw(local, "/api/exploration", `Host: ${host}`))).toBe(200);
    }
  });

  it("must not be that of another site that resolves to this machine", async () => {
    for (const host of [
      "evil.example",
      `evil.example:${local.port}`,
      "127.0.0.1.evil.example",
      "10.0.0.1",
      "",
      "@",
      "a b",
    ]) {
      const answer = await raw(local, "/api/exploration", `Host: ${host}`);
      expect(answer).toMatch(/^HTTP\/1.1 (421|400) /);
      expect(answer).not.toContain("layouts");
    }
    expect(statusOf(await raw(local, "/", "Accept: */*"))).toBe(400);
    expect(statusOf(await raw(guarded, "/", "Host: evil.example"))).toBe(421);
  });
});

describe("pages of other sites", () => {
  it("can neither change nor read anything", async () => {
    const host = `Host: 127.0.0.1:${local.port}`;
    const own = `Origin: http://127.0.0.1:${local.port}`;
    const length = "Content-Length: 0";
    const status = async (target: string, headers: string[], method = "POST") =>
      statusOf(await raw(local, target, [host, ...headers].join("\r\n"), method));
    expect(await status("/api/computations/none/stop", [own, length])).toBe(404);
    expect(await status("/api/computations/none/stop", ["Origin: https://evil.example", length])).toBe(403);
    expect(await status("/api/computations/none/stop", [`Origin: https://127.0.0.1:${local.port}`, length])).toBe(403);
    expect(await status("/api/computations/none/stop", ["Origin: null", length])).toBe(403);
    expect(await status("/api/computations/none/stop", ["Sec-Fetch-Site: cross-site", length])).toBe(403);
    expect(await status("/api/exploration", ["Sec-Fetch-Site: cross-site"], "GET")).toBe(403);
    // Links to the page are still allowed.
    expect(await status("/", ["Sec-Fetch-Site: cross-site"], "GET")).toBe(200);
  });

  it("are restricted by the headers of every answer", async () => {
    for (const path of ["/", "/api/exploration", "/api/layouts/map", "/nothing", "/api/points/99"]) {
      const { headers } = await local.get(path);
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(headers.get("content-security-policy")).not.toMatch(/unsafe-eval|https?:|\*/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("showing the explorer in a frame", () => {
  const notebook = "http://localhost:8888";

  it("is forbidden for every page by default", async () => {
    const { headers } = await local.get("/");
    expect(headers.get("content-security-policy")).toMatch(/; frame-ancestors 'none'$/);
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(await local.json("/api/frame-origins")).toEqual([]);
  });

  it("is only allowed for pages of the given origins, which still cannot send requests", async () => {
    const framed = await serve(exploration(), { page, frameOrigins: [notebook, "https://127.0.0.1:8889"] });
    const { headers } = await framed.get("/");
    expect(headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self';.*; frame-ancestors http:\/\/localhost:8888 https:\/\/127\.0\.0\.1:8889$/,
    );
    expect(headers.get("x-frame-options")).toBeNull();
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect((await framed.get("/api/exploration", { origin: notebook })).status).toBe(403);
    expect((await framed.get("/", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe" })).status).toBe(200);
    await framed.close();
  });

  it.each([
    "*",
    "http://*:8888",
    "http://localhost:8888/",
    "http://localhost:8888/lab",
    "http://LOCALHOST:8888",
    "http://localhost:80",
    "http://a; script-src *",
    "http://a b",
    "null",
    "'self'",
    "file://",
    "data:text/html,",
    "",
  ])("cannot be allowed for an invalid origin: %j", async (origin) => {
    await expect(explore("nothing", { frameOrigins: [notebook, origin] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      argument: "frameOrigins",
      message: expect.stringContaining("expected an array of origins of pages"),
    });
  });
});

describe("the token", () => {
  it("is required for every request", async () => {
    for (const path of [
      "/",
      "/api/exploration",
      "/assets/page.js",
      "/api/events",
      "/nothing",
      "/?token=",
      "/?token=wrong",
    ]) {
      const answer = await guarded.get(path);
      expect(answer.status).toBe(401);
      expect(((await answer.json()) as Failure).code).toBe("TOKEN");
    }
    const near = `${token.slice(0, -1)}b`;
    expect((await guarded.get(`/?token=${near}`)).status).toBe(401);
    expect((await guarded.get(`/?token=${token}${token}`)).status).toBe(401);
    expect((await guarded.get(`/api/exploration?token=${token}`)).status).toBe(401);
    const cookie = `sigma-tsne-${guarded.port}=${near}`;
    expect((await guarded.get("/api/exploration", { cookie })).status).toBe(401);
  });

  it("is stored in a cookie and removed from the address", async () => {
    const answer = await guarded.get(`/?token=${token}`);
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/");
    const cookie = answer.headers.get("set-cookie") as string;
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
    const shown = { cookie: cookie.split(";")[0] };
    expect((await guarded.get("/", shown)).status).toBe(200);
    expect((await guarded.get("/api/exploration", shown)).status).toBe(200);
  });

  it("is not required if only this machine can reach the server", () => {
    expect(["127.0.0.1", "127.1.2.3", "::1", "localhost"].map(isLoopback)).toEqual([true, true, true, true]);
    for (const host of ["0.0.0.0", "::", "192.168.0.1", "127.evil.example", "localhost.evil.example", ""]) {
      expect(isLoopback(host)).toBe(false);
    }
  });
});

describe("a limit", () => {
  it("applies to bodies before they are read", async () => {
    const head = `Host: 127.0.0.1:${local.port}\r\nContent-Type: application/octet-stream\r\nContent-Length: 99999999999`;
    const answer = await raw(local, "/api/selection.csv", head, "POST");
    expect(statusOf(answer)).toBe(413);
    expect(answer).toContain("FST_ERR_CTP_BODY_TOO_LARGE");
    const chunked = `Host: 127.0.0.1:${local.port}\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked`;
    const chunk = `${(2 ** 16).toString(16)}\r\n${"x".repeat(2 ** 16)}\r\n`;
    const request = `POST /api/selection.csv HTTP/1.1\r\n${chunked}\r\nConnection: close\r\n\r\n${chunk}0\r\n\r\n`;
    expect(statusOf(await sendRaw(local.port, request))).toBe(413);
  });

  it("applies to headers and addresses", async () => {
    const host = `Host: 127.0.0.1:${local.port}`;
    expect(statusOf(await raw(local, "/", `${host}\r\nX: ${"x".repeat(2 ** 17)}`))).toBe(431);
    expect(statusOf(await raw(local, `/api/layouts/${"x".repeat(1000)}`))).toBe(404);
  });

  // Requests are counted in intervals of ten seconds, independent of their duration in this test.
  afterEach(() => vi.useRealTimers());

  it("applies to the rate of requests", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const served = await serve(exploration(), { page });
    const select = () =>
      fetch(`${served.url}/api/selection.csv`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: Uint32Array.of(1),
      });
    const statuses = [];
    let answer = await select();
    for (; answer.status !== 429 && statuses.length < 1000; answer = await select()) statuses.push(answer.status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(statuses.length).toBeGreaterThanOrEqual(10);
    expect(((await answer.json()) as Failure).code).toBe("TOO_MANY");
    // Cheap requests still work.
    expect((await served.get("/api/exploration")).status).toBe(200);
    await served.close();
  });

  it("applies to the rate of requests with a wrong token", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const served = await serve(exploration(), { page, host: "0.0.0.0", token });
    const guess = "GET /?token=guess HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    const guesses = `${`${guess}\r\n`.repeat(99)}${guess}Connection: close\r\n\r\n`;
    let answers = "";
    for (let i = 0; i < 200 && !answers.includes("HTTP/1.1 429"); i++) answers = await sendRaw(served.port, guesses);
    expect(answers).toContain('"code":"TOO_MANY"');
    expect((await served.get(`/?token=${token}`)).status).toBe(429);
    await served.close();
  });

  it("applies to the number of open pages", async () => {
    const controller = new AbortController();
    const watch = () => fetch(`${local.url}/api/events`, { signal: controller.signal });
    const answers = await Promise.all(Array.from({ length: 65 }, watch));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(64);
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(1);
    controller.abort();
    await expect
      .poll(async () => {
        const again = new AbortController();
        const { status } = await fetch(`${local.url}/api/events`, { signal: again.signal });
        again.abort();
        return status;
      })
      .toBe(200);
  });
});

describe("closing the server", () => {
  it("does not wait for open pages", async () => {
    const served = await serve(exploration(), { page });
    const { body } = await fetch(`${served.url}/api/events`);
    const idle = await fetch(served.url);
    await served.close();
    let text = "";
    for await (const piece of body as unknown as AsyncIterable<Uint8Array>) text += Buffer.from(piece).toString();
    expect(text).toBe("retry: 1000\n\n");
    await expect(fetch(served.url)).rejects.toThrow();
    expect(await idle.text()).toContain("the page");
  });
});
