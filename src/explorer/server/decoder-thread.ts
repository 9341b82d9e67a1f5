/** The thread that a {@link Decoder} computes on. */
import { parentPort, workerData } from "node:worker_threads";
import { SigmaTsneError } from "../../errors.js";
import { Matrix } from "../../matrix.js";
import { selectBackend } from "../../vae/backends/index.js";
import { encodeGif } from "../../vae/figures/index.js";
import type { Model } from "../../vae/index.js";
import { openRun } from "../../vae/runs/index.js";
import type { DecoderFailure, DecoderOptions, DecoderReply, DecoderRequest } from "./decoder-tasks.js";
import { checkSheet, encodeSheet } from "./image-sheet.js";

/**
 * Number of latent vectors per batch. Other tasks can run between batches. The number is small so that a request from a
 * slider does not wait long.
 */
const BATCH_SIZE = 16;

const port = parentPort;
if (!port) throw new Error("decoder-thread must be started by a Decoder, as a worker thread");
const send = (reply: DecoderReply, transfer: ArrayBuffer[] = []) => port.postMessage(reply, transfer);

const model = await open(workerData as DecoderOptions).catch((error) => {
  send({ id: "model", failure: toFailure(error) });
  return undefined;
});
if (model) {
  port.on("message", (request: DecoderRequest) => {
    perform(model, request)
      .then((answer) => send({ id: request.id, answer }, [...buffersOf(answer)]))
      .catch((error) => send({ id: request.id, failure: toFailure(error) }));
  });
} else {
  port.close();
}

async function open({ path, backend = "auto", threads }: DecoderOptions): Promise<Model> {
  const { description } = await selectBackend(backend, { threads });
  const { model, origin } = await openRun(path);
  const { height, width, channels, zDim } = model.configuration;
  // Decoding one picture prepares the kernels and loads the image encoder, so that the first slider movement does not
  // wait for them.
  await encodeSheet(await model.decode(new Matrix(new Float32Array(zDim), 1, zDim)), model.configuration, 1);
  const facts = { name: model.name, latent: zDim, height, width, channels };
  send({ id: "model", answer: { ...facts, stretch: origin?.options?.stretch, backend: description } });
  return model;
}

async function perform(model: Model, { name, given }: DecoderRequest) {
  const { zDim } = model.configuration;
  const decode = (codes: Float32Array) =>
    model.decode(new Matrix(codes, codes.length / zDim, zDim), { batchSize: BATCH_SIZE });
  switch (name) {
    case "decode":
      return decode(given.codes);
    case "encode": {
      const { means, sigma } = await model.encode(given.images, { batchSize: BATCH_SIZE });
      const bare = (matrix: Matrix) => matrix.data as Float32Array;
      return { means: bare(means), sigma: sigma && bare(sigma) };
    }
    case "drawSheet": {
      const { before = new Float32Array(), columns } = given.layout;
      checkSheet(model.configuration, before.length / model.pixels + given.codes.length / zDim);
      const images = await decode(given.codes);
      const all = new Float32Array(before.length + images.length);
      all.set(before);
      all.set(images, before.length);
      return encodeSheet(all, model.configuration, columns);
    }
    case "drawGif":
      return encodeGif(await decode(given.codes), model.configuration, given.options);
  }
}

/**
 * Returns the buffers that are transferred back without a copy. A result of the image library sharp may be a view of
 * memory that other results use too, so the buffers of such results are copied.
 */
function buffersOf(answer: Awaited<ReturnType<typeof perform>>): Set<ArrayBuffer> {
  const arrays = ArrayBuffer.isView(answer) ? [answer] : [answer.means, answer.sigma];
  const own = arrays.filter((array) => array instanceof Float32Array);
  return new Set(own.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer));
}

function toFailure(error: unknown): DecoderFailure {
  const code = error instanceof SigmaTsneError ? error.code : undefined;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code, message, stack };
}
