import { describe, expect, it } from "vitest";
import { rowsInMemory } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { type PreparationOptions, prepareData, prepareRows, toSigma, withGaps } from "../../src/preparation/index.js";

const rows = (matrix: Matrix | undefined) => matrix?.toArrays().map((row) => row.map((x) => Number(x.toPrecision(6))));

describe("toSigma", () => {
  const shape = [3, 2] as const;
  it.each([
    [
      "one number",
      0.5,
      [
        [0.5, 0.5],
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    ],
    [
      "one per column",
      [1, 2],
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    ],
    [
      "1 x d",
      [[1, 2]],
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    ],
    [
      "one per point",
      Float32Array.of(1, 2, 3),
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    ],
    [
      "n x 1",
      [[1], [2], [3]],
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    ],
    [
      "n x d",
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
  ])("accepts %s", (_, values, expected) => {
    expect(rows(toSigma(values as number, shape))).toEqual(expected);
  });

  it("accepts d x 1, the shape of a file with one column, unless there are d points", () => {
    expect(rows(toSigma([[1], [2]], shape))).toEqual(rows(toSigma([[1, 2]], shape)));
    expect(rows(toSigma([[1], [2]], [2, 2]))).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it("turns variances, log-variances and inverse variances into standard deviations", () => {
    expect(rows(toSigma([4, 9], shape, "variance"))?.[0]).toEqual([2, 3]);
    expect(rows(toSigma([0, 2 * Math.log(3)], shape, "log-variance"))?.[0]).toEqual([1, 3]);
    expect(rows(toSigma([0.25, 0], shape, "inverse-variance"))?.[0]).toEqual([2, Number.NaN]);
  });

  it("rejects other shapes and negative variances with their row and column", () => {
    expect(() => toSigma([1, 2, 3, 4], shape)).toThrow(/sigma: expected one number, 1 x 2, 3 x 1 or 3 x 2 numbers/);
    expect(() => toSigma([[1], [2], [3], [4]], shape)).toThrow(/numbers, received 4 x 1$/);
    expect(() => toSigma([1, 2], [2, 2])).toThrow(/as many points as columns/);
    expect(() =>
      toSigma(
        [
          [1, 2],
          [3, -4],
          [5, 6],
        ],
        shape,
        "variance",
      ),
    ).toThrow(/received -4 at row 1, column 1/);
    expect(() => toSigma(1, shape, "varianc" as "sd")).toThrow(/sigmaIs: expected .*variance/);
  });
});

describe("prepareData", () => {
  it("reports whether a value or its standard deviation is missing", () => {
    const sigma = [
      [1, 1],
      [1, Number.NaN],
    ];
    expect(() =>
      prepareData(
        [
          [1, 2],
          [3, 4],
        ],
        { sigma },
      ),
    ).toThrow(/found no standard deviation in row 1, column 1/);
    expect(() => prepareData(sigma)).toThrow(/found none in row 1, column 1/);
  });

  const { NaN: none } = Number;
  const data = [
    [1, 10],
    [none, 20],
    [3, 60],
  ];
  const sigma = [
    [0.1, 1],
    [0.2, 2],
    [0.3, 3],
  ];

  it("reports the first missing value with its row and column", () => {
    expect(() => prepareData(data, { columns: ["a", "b"] })).toThrow(
      /found none in row 1, column "a"\. Set the option missing to "drop"/,
    );
  });

  it("drops rows with a missing value and returns which are kept", () => {
    const prepared = prepareData(data, { sigma, missing: "drop" });
    expect(rows(prepared.means)).toEqual([
      [1, 10],
      [3, 60],
    ]);
    expect(rows(prepared.sigma)).toEqual([
      [0.1, 1],
      [0.3, 3],
    ]);
    expect(Array.from(prepared.kept ?? [])).toEqual([0, 2]);
    expect(prepared.notes[0]).toBe("1 row of 3 left out, because a value is missing.");
    expect(rows(withGaps(prepared.means, prepared.kept, 3))).toEqual([
      [1, 10],
      [none, none],
      [3, 60],
    ]);
  });

  it("replaces a missing value by the mean, with the spread as its standard deviation", () => {
    const prepared = prepareData(data, { sigma, missing: "mean" });
    expect(rows(prepared.means)).toEqual([
      [1, 10],
      [2, 20],
      [3, 60],
    ]);
    expect(rows(prepared.sigma)).toEqual([
      [0.1, 1],
      [1, 2],
      [0.3, 3],
    ]);
    expect(data[1][0]).toBeNaN();
  });

  it("counts a value without a standard deviation as missing", () => {
    const prepared = prepareData([[1], [2], [6]], { sigma: [[0.1], [none], [0.1]], missing: "mean" });
    expect(rows(prepared.means)).toEqual([[1], [3.5], [6]]);
    expect(rows(prepared.sigma)).toEqual([[0.1], [2.5], [0.1]]);
  });

  it("divides the standard deviations by the scale of the data", () => {
    const means = new Matrix(Float32Array.of(1, 100, 2, 300, 3, 200), 3, 2);
    const { means: scaled, sigma: errors } = prepareData(means, { sigma: [1, 50], standardize: "zscore" });
    const spread = Math.sqrt(2 / 3);
    expect(rows(scaled)).toEqual(
      rows(
        new Matrix(
          Float64Array.of(-1, -1, 0, 1, 1, 0).map((x) => x / spread),
          3,
          2,
        ),
      ),
    );
    expect(rows(errors)?.[2]).toEqual([1 / spread, 0.5 / spread].map((x) => Number(x.toPrecision(6))));
  });

  it("is not affected by an outlier when it standardizes robustly", () => {
    const column = (last: number) => [1, 2, 3, 4, 5, 6, 7, 8, last].map((x) => [x]);
    const plain = prepareData(column(9), { standardize: "robust" }).means;
    const spoiled = prepareData(column(1e9), { standardize: "robust" }).means;
    expect(rows(spoiled.slice(0, 8))).toEqual(rows(plain.slice(0, 8)));
    expect(plain.at(4, 0)).toBe(0);
    expect(plain.at(6, 0) - plain.at(2, 0)).toBeCloseTo(1.3489795, 6);
  });

  it("centers a column of equal values at zero", () => {
    for (const standardize of ["zscore", "robust"] as const) {
      expect(
        rows(
          prepareData(
            [
              [5, 1],
              [5, 2],
            ],
            { standardize },
          ).means,
        )?.map(([x]) => x),
      ).toEqual([0, 0]);
    }
  });

  it("takes logarithms of counts, and transforms the standard deviations accordingly", () => {
    const { means, sigma: errors } = prepareData(
      [
        [0, 1],
        [3, 7],
      ],
      { sigma: 0.5, log1p: true },
    );
    expect(rows(means)).toEqual(
      [
        [0, Math.LN2],
        [2 * Math.LN2, 3 * Math.LN2],
      ].map((row) => row.map((x) => Number(x.toPrecision(6)))),
    );
    expect(rows(errors)).toEqual([
      [0.5, 0.25],
      [0.125, 0.0625],
    ]);
    expect(() => prepareData([[0], [-1]], { log1p: true })).toThrow(
      /counts of 0 or more.*received -1 at row 1, column 0/,
    );
  });

  it("warns if the spreads of columns differ by more than a factor of 100", () => {
    const unequal = [
      [0, 0],
      [1, 1000],
      [2, 500],
    ];
    const [note] = prepareData(unequal, { columns: ["size", "mass"] }).notes;
    expect(note).toMatch(/range from 0\.816 \(size\) to 408 \(mass\)/);
    expect(prepareData(unequal, { standardize: "zscore" }).notes).toEqual([]);
  });
});

describe("prepareRows", () => {
  const none = Number.NaN;
  const means = new Matrix(Float64Array.of(1, 2, none, 3, 4, 5, 6, 7, 9, 0), 5, 2);
  const sigma = new Matrix(Float64Array.of(1, 1, 1, 1, none, 1, 0.5, 2, 1, 1), 5, 2);

  it.each<[string, PreparationOptions]>([
    ["dropped rows", { missing: "drop" }],
    ["dropped rows and one scale", { missing: "drop", standardize: "zscore" }],
    ["replaced values", { missing: "mean", standardize: "robust" }],
    ["logarithms", { missing: "drop", log1p: true }],
  ])("gives row by row what prepareData gives: %s", async (_, options) => {
    for (const given of [undefined, sigma]) {
      const whole = prepareData(means, { ...options, sigma: given });
      const read = await prepareRows(rowsInMemory(means), { ...options, sigma: given && rowsInMemory(given) });
      expect(read.kept).toEqual(whole.kept);
      expect(read.preparation).toEqual(whole.preparation);
      const all = Array.from({ length: read.means.rows }, (_, i) => i);
      expect(rows(await read.means.read(all))).toEqual(rows(whole.means));
      expect(rows(await read.sigma?.read(all))).toEqual(rows(whole.sigma));
    }
  });
});
