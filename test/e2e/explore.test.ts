import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ComputationState, OfflineData } from "../../src/explorer/protocol.js";
import { writeArray } from "../../src/io/index.js";
import { entry, makeGroups, toCsv, Workplace } from "../cli/workplace.js";
import { bars } from "../vae/tiny-dataset.js";

const n = 60;
let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("map.csv", toCsv(makeGroups(n, 2, 2)));
  await workplace.write("means.csv", toCsv(makeGroups(n, 5, 3)));
  await workplace.write("short.csv", toCsv(makeGroups(n - 1, 5, 3)));
  await workplace.write("labels.txt", Array.from({ length: n }, (_, i) => `<b>${i % 3}</script>\n`).join(""));
  const images = bars(200);
  const all = await images.read(Array.from({ length: 200 }, (_, i) => i));
  await writeArray(workplace.path("bars.npy"), all, [200, 8, 8]);
});
afterAll(() => workplace.remove());

/** A server in a separate process. */
class Server {
  stdout = "";
  stderr = "";
  readonly child: ChildProcess;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [entry, "explore", ...args], { cwd: workplace.folder });
    started.add(this);
    this.child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      this.stdout += piece;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
      this.stderr += piece;
    });
  }

  /** The address that it prints. */
  async url(): Promise<string> {
    await expect.poll(() => this.stdout + this.stderr).toMatch(/http:\S+/);
    return (/http:[^\s"]+/.exec(this.stdout) as RegExpExecArray)[0].replace(/\/$/, "");
  }

  async end(signal: NodeJS.Signals = "SIGINT"): Promise<{ code: number | null; stderr: string }> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, "close");
    }
    return { code: child.exitCode, stderr: this.stderr };
  }
}

const started = new Set<Server>();
afterEach(async () => {
  for (const server of started) await server.end("SIGKILL");
  started.clear();
});

describe("the server", () => {
  it("prints its address, serves the page, and ends on Ctrl-C even while a page is open", async () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const server = new Server("map.csv", "--labels", "labels.txt");
      const url = await server.url();
      expect(server.stdout).toBe(
        `map.csv: 60 points, at\n  ${url}/\nCtrl-C ends it.\nData: 2 columns (without names: 0, 1).\n`,
      );
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      const page = await (await fetch(url)).text();
      expect(page).toContain("<title>sigma-tsne explorer</title>");
      const files = Array.from(page.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g), ([, file]) => file);
      expect(files).toHaveLength(2);
      for (const file of files) expect((await fetch(url + file)).status).toBe(200);
      const events = await fetch(`${url}/api/events`);
      const rest = events.text();
      expect(await server.end(signal)).toEqual({ code: 0, stderr: "" });
      expect(await rest).toBe("retry: 1000\n\n");
    }
  });

  it("prints its address in a form for programs", async () => {
    const server = new Server("map.csv", "--json");
    const url = await server.url();
    expect(JSON.parse(server.stdout)).toEqual({
      url: `${url}/`,
      urls: [`${url}/`],
      source: "map.csv",
      n,
      skipped: 0,
      dropped_rows: 0,
      columns: expect.anything(),
      kept_in: null,
    });
  });

  it("requires its token if other machines can reach it", async () => {
    const server = new Server("map.csv", "--host", "0.0.0.0");
    const url = await server.url();
    // The printed address can be opened in a browser, unlike the address that stands for all networks.
    expect(url).toMatch(/^http:\/\/(?!0\.0\.0\.0)[\w.-]+:\d+\/\?token=[\w-]{43}$/);
    const own = url.replace(/\/\/[^:]+/, "//127.0.0.1");
    const [address = ""] = own.split("/?");
    expect((await fetch(`${address}/api/exploration`)).status).toBe(401);
    const answer = await fetch(own, { redirect: "manual" });
    const cookie = (answer.headers.get("set-cookie") as string).split(";")[0];
    expect((await fetch(`${address}/api/exploration`, { headers: { cookie } })).status).toBe(200);
  });

  it("can be replaced after it was killed, and open pages continue with the new server", async () => {
    const first = new Server("map.csv");
    const url = await first.url();
    const { port } = new URL(url);
    const events = await fetch(`${url}/api/events`);
    const broken = expect(events.text()).rejects.toThrow();
    await first.end("SIGKILL");
    await broken;
    await expect(fetch(url)).rejects.toThrow();
    const second = new Server("map.csv", "--port", port);
    expect(await second.url()).toBe(url);
    expect((await fetch(`${url}/api/exploration`)).status).toBe(200);
  });

  it("does not start on a port that another server uses", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const outcome = await workplace.start(["explore", "map.csv", "--port", String(port)]);
    other.close();
    expect(outcome).toMatchObject({
      code: 2,
      stdout: "",
      stderr: `sigma-tsne explore: --port: port ${port} is in use by another program; expected a port that is free, or 0 for any\n`,
    });
  });

  it("serves the explorer as one file", async () => {
    const server = new Server("map.csv", "--labels", "labels.txt");
    const answer = await fetch(`${await server.url()}/api/offline`);
    expect(answer.headers.get("content-disposition")).toBe('attachment; filename="explorer.html"');
    const page = await answer.text();
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(page).toMatch(
      /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-[^']*'; style-src/,
    );
    const [, json = ""] = /<script type="application\/json" id="offline-data">(.*)<\/script>/s.exec(page) ?? [];
    const { description, answers, computer } = JSON.parse(json) as OfflineData;
    // Without the data behind the map there is nothing to compute.
    expect(computer).toBeNull();
    expect(description).toMatchObject({ n, computations: [], abilities: { search: false }, recomputation: null });
    expect(description.columns[0]).toMatchObject({ categories: ["<b>0</script>", "<b>1</script>", "<b>2</script>"] });
    expect(Object.keys(answers)).toEqual([
      "/api/layouts/map",
      "/api/layouts/separated%3Amap",
      "/api/layouts/wall%3Amap",
      "/api/columns/label",
    ]);
    const map = Buffer.from(answers["/api/layouts/map"]?.base64 ?? "", "base64");
    expect(new Float32Array(new Uint8Array(map).buffer)).toEqual(Float32Array.from(makeGroups(n, 2, 2).flat()));
  });
});

describe("a training that was stopped", () => {
  it("can be continued and stopped again", async () => {
    const train = ["train", "--model", "vae", "--dataset", "bars.npy", "--hidden-dim", "8", "--z-dim", "2"];
    let isSent = false;
    const outcome = await workplace.start([...train, "--epochs", "100000", "--run-dir", "run"], (stderr, child) => {
      if (!isSent && stderr.includes("epoch 2")) isSent = child.kill("SIGINT");
    });
    expect(outcome.code).toBe(130);
    const server = new Server("run", "--part", "all");
    const url = await server.url();
    const training = async () => {
      const { computations } = (await (await fetch(`${url}/api/exploration`)).json()) as {
        computations: ComputationState[];
      };
      return computations[0];
    };
    const post = (action: string) => fetch(`${url}/api/computations/training/${action}`, { method: "POST" });
    await expect.poll(async () => (await training()).state).toBe("stopped");
    const before = await training();
    expect(before).toMatchObject({ id: "training", kind: "training", iterations: 100_000, controllable: true });
    await post("continue");
    // The thread of the training loads TensorFlow.js first.
    await expect.poll(async () => (await training()).iteration, { timeout: 20_000 }).toBeGreaterThan(before.iteration);
    expect(await training()).toMatchObject({ state: "running", parts: { "batch/loss": expect.any(Number) } });
    await post("stop");
    await expect.poll(async () => (await training()).state).toBe("stopped");
    const { iteration } = await training();
    await post("continue");
    await expect.poll(async () => (await training()).iteration, { timeout: 20_000 }).toBeGreaterThan(iteration);
    expect(await server.end()).toEqual({ code: 0, stderr: "" });
  });
});
