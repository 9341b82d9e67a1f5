import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { downloadFile, locateFiles, type RemoteFile } from "../../../src/vae/datasets/remote-files.js";
import { useFolder } from "../../io/folder.js";

const path = useFolder();
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 253));
const checksum = `sha256:${createHash("sha256").update(content).digest("hex")}`;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Starts a server on this machine and returns the address of a file on it. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`;
}

const remote = (...urls: string[]): RemoteFile => ({ name: "file.bin", urls, bytes: content.length, checksum });

async function folder(name: string): Promise<string> {
  await mkdir(path(name));
  return path(name);
}

const whole: RequestListener = (_, response) => response.end(content);

describe("downloadFile", () => {
  it("writes the file and reports its progress", async () => {
    const target = join(await folder("whole"), "file.bin");
    const fractions: number[] = [];
    await downloadFile(remote(await serve(whole)), target, { onProgress: (fraction) => fractions.push(fraction) });
    expect((await readFile(target)).equals(content)).toBe(true);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  });

  it.each([true, false])(
    "continues after an interruption, with a server that supports ranges: %s",
    async (knowsRanges) => {
      const target = join(await folder(`interrupted-${knowsRanges}`), "file.bin");
      const ranges: (string | undefined)[] = [];
      let interrupt = () => {};
      const url = await serve((request, response) => {
        ranges.push(request.headers.range);
        const start = knowsRanges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
        const headers = { "content-length": content.length - start };
        if (start > 0)
          response.writeHead(206, {
            ...headers,
            "content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
          });
        else response.writeHead(200, headers);
        if (ranges.length > 1) return response.end(content.subarray(start));
        interrupt = () => response.destroy();
        response.write(content.subarray(0, 100_000));
      });
      await downloadFile(remote(url), target, { onProgress: () => interrupt() });
      expect((await readFile(target)).equals(content)).toBe(true);
      expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
    },
  );

  it("tries the next address if one has no file, a different file, or a longer or shorter one", async () => {
    const target = join(await folder("places"), "file.bin");
    const other = Buffer.from(content).fill(0, 5, 6);
    const bad: RequestListener[] = [
      (_, response) => response.writeHead(404).end("not here"),
      (_, response) => response.end(other),
      (_, response) => response.end(content.subarray(1)),
      (_, response) => {
        response.write(content);
        response.end("more");
      },
    ];
    const urls = await Promise.all(bad.map(serve));
    await downloadFile(remote(...urls, await serve(whole)), target);
    expect((await readFile(target)).equals(content)).toBe(true);
    const failed = downloadFile(remote(...urls), join(path("places"), "other.bin"));
    await expect(failed).rejects.toMatchObject({
      name: "FileError",
      code: "DOWNLOAD",
      message: expect.stringMatching(
        /answered 404 Not Found; .*the wrong checksum; .*299999 bytes instead of 300000; .*more than the 300000 bytes/,
      ),
    });
    expect(await readdir(path("places"))).toEqual(["file.bin"]);
  });

  it("does not unpack a file that a server declares as compressed", async () => {
    const target = join(await folder("identity"), "file.bin");
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers["accept-encoding"]);
      response.end(content);
    });
    await downloadFile(remote(url), target);
    expect(asked).toEqual(["identity"]);
  });

  it("tries again if the server is overloaded, and finally reports this", async () => {
    const target = join(await folder("overloaded"), "file.bin");
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.writeHead(503).end();
    });
    await expect(downloadFile(remote(url), target)).rejects.toMatchObject({
      message: expect.stringMatching(/answered 503/),
    });
    expect(requests).toBe(3);
  });

  it("stops when it is aborted, and leaves no file", async () => {
    const controller = new AbortController();
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 1000));
      setTimeout(() => controller.abort(), 50);
    });
    const target = join(await folder("stopped"), "file.bin");
    await expect(downloadFile(remote(url), target, { signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(await readdir(path("stopped"))).toEqual([]);
  });

  it("supports several downloads of the same file at the same time", async () => {
    const target = join(await folder("several"), "file.bin");
    const file = remote(await serve(whole));
    await Promise.all([1, 2, 3, 4].map(() => downloadFile(file, target)));
    expect((await readFile(target)).equals(content)).toBe(true);
    expect(await readdir(path("several"))).toEqual(["file.bin"]);
  });

  it("reports an error of writing a file as FILE_WRITE, not as an error of the download", async () => {
    const file = remote(await serve(whole));
    await expect(downloadFile(file, path("no/such/folder/file.bin"))).rejects.toMatchObject({ code: "FILE_WRITE" });
  });
});

describe("locateFiles", () => {
  it("first uses files of the data folder and of the folders of other programs, unpacked or not", async () => {
    const dataDir = await folder("data");
    const cacheDir = await folder("cache-1");
    const file: RemoteFile = { name: "train-images-idx3-ubyte.gz", urls: [], bytes: 1, checksum: "sha256:0" };
    const locate = () => locateFiles("set", [file], ["Set/raw"], { dataDir, cacheDir, download: false });
    for (const name of ["train-images.idx3-ubyte", "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"]) {
      await writeFile(join(dataDir, name), "any content");
      expect(await locate()).toEqual([join(dataDir, name)]);
    }
    await mkdir(join(dataDir, "Set/raw"), { recursive: true });
    await writeFile(join(dataDir, "Set/raw/train-images-idx3-ubyte.gz"), "");
    expect(await locate()).toEqual([join(dataDir, "Set/raw/train-images-idx3-ubyte.gz")]);
  });

  it("downloads missing files to the cache, once", async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.end(content);
    });
    const cacheDir = path("cache-2");
    const progress: unknown[] = [];
    for (let time = 0; time < 2; time++) {
      const located = await locateFiles("set", [remote(url)], [], {
        cacheDir,
        onProgress: (report) => progress.push(report),
      });
      expect(located).toEqual([join(cacheDir, "set", "file.bin")]);
    }
    expect(requests).toBe(1);
    expect(progress.at(-1)).toEqual({ stage: "download", fraction: 1, file: "file.bin" });
  });

  it("reports, without a network, which files are missing, their addresses, and the folder for them", async () => {
    // The discard port of this machine refuses connections.
    const file = remote("http://127.0.0.1:9/file.bin");
    const cacheDir = path("cache-3");
    const error = await locateFiles("set", [file], [], { cacheDir, dataDir: path(".") }).catch((reason) => reason);
    expect(error).toMatchObject({ name: "FileError", code: "DOWNLOAD" });
    expect(error.message).toMatch(/the download failed: http:\/\/127\.0\.0\.1:9\/file\.bin: /);
    expect(error.message).toContain(`Put this file into ${join(cacheDir, "set")}`);
    expect(error.message).toContain("  file.bin\n    http://127.0.0.1:9/file.bin");
    const off = locateFiles("set", [file], [], { cacheDir, download: false });
    await expect(off).rejects.toMatchObject({
      code: "DOWNLOAD",
      message: expect.stringMatching(/downloads are switched off/),
    });
  });
});
