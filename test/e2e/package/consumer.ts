import {
  AbortError,
  ArgumentError,
  DataError,
  type ErrorCode,
  Matrix,
  type MatrixLike,
  type NumericArray,
  type Pca,
  pca,
  type ResolvedTsneOptions,
  readMatrix,
  runBhTsne,
  SigmaTsneError,
  type Stage,
  Tsne,
  type TsneOptions,
  type TsneProgress,
  type TsneResult,
  toMatrix,
  writeMatrix,
} from "sigma-tsne";

const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(2 * i), i / 30]);
const forms: MatrixLike[] = [
  rows,
  new Matrix(Float64Array.from(rows.flat()), 30, 3),
  { data: Float32Array.from(rows.flat()), rows: 30, cols: 3 },
  { data: Float32Array.from(rows.flat()), shape: [30, 3] },
  { shape: [30, 3] as const, dataSync: (): NumericArray => Float32Array.from(rows.flat()) },
  Object.assign(Float64Array.from(rows.flat()), { shape: [30, 3] }),
];
const stages = new Set<Stage>();
const options: TsneOptions = {
  sigma: undefined,
  perplexity: 5,
  iterations: 20,
  signal: new AbortController().signal,
  onProgress: ({ stage, fraction, kl }: TsneProgress) => {
    const share: number = fraction;
    const divergence: number | undefined = kl;
    if (share >= 0 && divergence !== 0) stages.add(stage);
  },
};

export async function use(): Promise<string> {
  const maps: TsneResult[] = [];
  for (const form of forms) maps.push(await runBhTsne(form, options));
  const resolved: ResolvedTsneOptions | undefined = maps[0]?.options;
  const outputDimensions: 1 | 2 | 3 | undefined = resolved?.outputDimensions;
  const tsne = new Tsne(toMatrix(rows), { ...options, sigma: rows.map((row) => row.map(() => 0.5)) });
  const { embedding, method, seconds } = await tsne.fit(10);
  const shape: [number, number] = embedding.shape;
  const way: "barnes-hut" | "fft" | "exact" = method;
  const found: Pca = await pca(rows, 2, { seed: 1 });
  const [save, open] = [writeMatrix, readMatrix];
  const code = await refuse({ outputDimensions: 7 });
  return [
    outputDimensions,
    shape,
    way,
    found.scores.shape,
    typeof seconds.total,
    typeof save,
    typeof open,
    code,
    maps.length,
  ].join(" ");
}

async function refuse(bad: TsneOptions): Promise<ErrorCode | undefined> {
  try {
    await runBhTsne(rows, bad);
  } catch (error) {
    if (error instanceof DataError || error instanceof AbortError) return undefined;
    if (error instanceof ArgumentError && error instanceof SigmaTsneError) return error.code;
  }
  return undefined;
}

// @ts-expect-error an option that does not exist
export const misspelt: TsneOptions = { perplexty: 30 };
// @ts-expect-error a distance that does not exist
export const unknown: TsneOptions = { distance: "minkowski" };

void use().then(console.log);
