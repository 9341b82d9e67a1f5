import { fileURLToPath } from "node:url";

/** The points of the tables in this file, which are the same as in test/io/fixtures/tables/make.py. */
const N = 24;
const range = Array.from({ length: N }, (_, i) => i);
const AXES = [0, 1, 2];

export const DATA = range.map((i) => AXES.map((j) => ((i * (5 + 2 * j)) % 24) / 4 - 3 + (i % 3) * 10));
export const SIGMA = range.map((i) => AXES.map((j) => 0.25 + ((i + j) % 4) / 4));
export const CELLS = range.map((i) => `cell${String(i).padStart(2, "0")}`);
export const KINDS = range.map((i) => ["alpha", "beta", "gamma"][i % 3]);
const NAMES = ["pc1", "pc2", "pc3"];
const ERRORS = NAMES.map((name) => `${name}_err`);

/** A table as a program writes it, and the expected result of reading it. */
export interface ReaderTable {
  readonly program: string;
  /** Name of the file, or the path of a fixture. */
  readonly file: string;
  /** The files of a folder by their names, or the text of the file; absent for a fixture. */
  readonly content?: string | Readonly<Record<string, string>>;
  readonly data: readonly string[];
  readonly sigma?: readonly string[];
  readonly identifier?: readonly [name: string, values: readonly (string | number)[]];
  readonly labels?: readonly [name: string, values: readonly string[]];
  /** Columns without a role. */
  readonly unused?: readonly string[];
}

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/tables/${name}`, import.meta.url));
const lines = (header: string, row: (i: number) => string, end = "\n") =>
  [...(header === "" ? [] : [header]), ...range.map(row)].map((line) => line + end).join("");
const csv = (i: number) => DATA[i].join(",");
/** Writes a float as Python does: 1.0 for 1. */
const float = (x: number) => (Number.isInteger(x) ? x.toFixed(1) : String(x));
const german = (x: number) => x.toFixed(2).replace(".", ",");
const codes = range.map((i) => String(i % 3));

export const TEXT_TABLES: readonly ReaderTable[] = [
  {
    program: "pandas with its index",
    file: "pandas.csv",
    content: lines(",pc1,pc2,pc3,type", (i) => `${CELLS[i]},${DATA[i].map(float).join(",")},${KINDS[i]}`),
    data: NAMES,
    identifier: ["index", CELLS],
    labels: ["type", KINDS],
  },
  {
    program: "pandas without an index and without names",
    file: "pandas-numbered.csv",
    content: lines("0,1,2", (i) => DATA[i].map(float).join(",")),
    data: ["0", "1", "2"],
  },
  {
    program: "pandas, written twice with the index",
    file: "pandas-twice.csv",
    content: lines("Unnamed: 0.1,Unnamed: 0,pc1,pc2,pc3", (i) => `${i},${i},${csv(i)}`),
    data: NAMES,
    identifier: ["index", range],
    unused: ["Unnamed: 0"],
  },
  {
    program: "write.csv of R",
    file: "r.csv",
    content: lines('"","pc1","pc2","pc3","species"', (i) => `"${i + 1}",${csv(i)},"${KINDS[i]}"`),
    data: NAMES,
    identifier: ["index", range.map((i) => i + 1)],
    labels: ["species", KINDS],
  },
  {
    program: "write.table of R",
    file: "r-table.txt",
    content: lines('"pc1" "pc2" "pc3" "type"', (i) => `"${CELLS[i]}" ${DATA[i].join(" ")} "${KINDS[i]}"`),
    data: NAMES,
    identifier: ["index", CELLS],
    labels: ["type", KINDS],
  },
  {
    program: "Excel in a German locale",
    file: "excel.csv",
    content: `\uFEFFsep=;\r\n${lines("Probe;pc1;pc2;pc3;Fehler pc1;type", (i) => `P${i};${DATA[i].map(german).join(";")};0,25;${KINDS[i]}`, "\r\n")}`,
    data: [...NAMES, "Fehler pc1"],
    labels: ["type", KINDS],
    unused: ["Probe"],
  },
  {
    program: "Excel as text with tabs and empty last cells",
    file: "excel.txt",
    content: lines("ID\tpc1\tpc2\tpc3\tclass\t", (i) => `${i + 1}\t${DATA[i].join("\t")}\t${KINDS[i]}\t`, "\r\n"),
    data: NAMES,
    identifier: ["ID", range.map((i) => i + 1)],
    labels: ["class", KINDS],
  },
  {
    program: "an editor that mixed the ends of lines",
    file: "mixed.csv",
    content: `pc1,pc2,pc3,label\r\n${lines("", (i) => `${csv(i)},${i % 3}`)}`,
    data: NAMES,
    labels: ["label", codes],
  },
  {
    program: "COPY of DuckDB",
    file: "duckdb.csv",
    content: lines(
      "id,pc1,pc2,pc3,cluster,seen",
      (i) => `${2 ** 20 + i},${csv(i)},${i % 3},2024-01-${String(i + 1).padStart(2, "0")}`,
    ),
    data: NAMES,
    identifier: ["id", range.map((i) => 2 ** 20 + i)],
    labels: ["cluster", codes],
    unused: ["seen"],
  },
  {
    program: "write_csv of polars",
    file: "polars.csv",
    content: lines("sample,pc1,pc1_std,pc2,pc2_std,pc3,pc3_std,label", (i) =>
      [CELLS[i], ...AXES.flatMap((j) => [float(DATA[i][j]), float(SIGMA[i][j])]), KINDS[i]].join(","),
    ),
    data: NAMES,
    sigma: NAMES.map((name) => `${name}_std`),
    identifier: ["sample", CELLS],
    labels: ["label", KINDS],
  },
  {
    program: "scanpy",
    file: "scanpy.csv",
    content: lines(",batch,leiden,PC1,PC2,PC3", (i) => `${CELLS[i]}-1,lane${i % 2},${i % 3},${csv(i)}`),
    data: ["PC1", "PC2", "PC3"],
    identifier: ["index", CELLS.map((cell) => `${cell}-1`)],
    labels: ["leiden", codes],
    unused: ["batch"],
  },
  {
    program: "an astronomical catalog with a preamble",
    file: "gaia.csv",
    content: `# %ECSV 1.0\n# ---\n# datatype: "it's"\n${lines(
      "source_id,ra,ra_error,parallax,parallax_error,pmra,pmra_error,duplicated",
      (i) =>
        [
          `4295806720${100000000 + i}`,
          ...AXES.flatMap((j) => [DATA[i][j], SIGMA[i][j]]),
          i === 3 ? "True" : "False",
        ].join(","),
    )}`,
    data: ["ra", "parallax", "pmra", "duplicated"],
    sigma: ["ra_error", "parallax_error", "pmra_error"],
    identifier: ["source_id", range.map((i) => `4295806720${100000000 + i}`)],
  },
  {
    program: "VizieR",
    file: "vizier.tsv",
    content: lines("Name\tRAJ2000\te_RAJ2000\tPlx\te_Plx\tpmRA\te_pmRA", (i) =>
      [`HD ${i}`, ...AXES.flatMap((j) => [DATA[i][j], SIGMA[i][j]])].join("\t"),
    ),
    data: ["RAJ2000", "Plx", "pmRA"],
    sigma: ["e_RAJ2000", "e_Plx", "e_pmRA"],
    identifier: ["Name", range.map((i) => `HD ${i}`)],
  },
  {
    program: "Kaggle's digits",
    file: "train.csv",
    content: lines("label,pixel0,pixel1,pixel2", (i) => `${i % 3},${csv(i)}`),
    data: ["pixel0", "pixel1", "pixel2"],
    labels: ["label", codes],
  },
  {
    program: "a folder of CSV files that Spark wrote",
    file: "spark-csv",
    content: {
      "part-00000-1a.csv": `pc1,pc2,pc3,label\n${range
        .slice(0, 9)
        .map((i) => `${csv(i)},${KINDS[i]}\n`)
        .join("")}`,
      "part-00001-1a.csv": `pc1,pc2,pc3,label\n${range
        .slice(9)
        .map((i) => `${csv(i)},${KINDS[i]}\n`)
        .join("")}`,
      _SUCCESS: "",
    },
    data: NAMES,
    labels: ["label", KINDS],
  },
  {
    program: "savetxt of NumPy with a header",
    file: "numpy.txt",
    content: lines("# pc1 pc2 pc3", (i) => DATA[i].map((x) => x.toExponential(18)).join(" ")),
    data: NAMES,
  },
  {
    program: "the UCI repository, without names",
    file: "iris.data",
    content: lines("", (i) => `${csv(i)},Iris-${KINDS[i]}`),
    data: ["0", "1", "2"],
    unused: ["3"],
  },
];

export const BINARY_TABLES: readonly ReaderTable[] = [
  {
    program: "pandas with a named index as Parquet",
    file: fixture("pandas-index.parquet"),
    data: NAMES,
    sigma: ERRORS,
    identifier: ["barcode", CELLS],
    labels: ["type", KINDS],
    unused: ["date"],
  },
  {
    program: "a filtered frame of pandas as Parquet",
    file: fixture("pandas-filtered.parquet"),
    data: NAMES,
    sigma: ERRORS,
    identifier: ["index", range.map((i) => 2 * i + Number(i % 3 === 0))],
    labels: ["type", KINDS],
    unused: ["date"],
  },
  {
    program: "a frame of pandas that came from CSV as Parquet",
    file: fixture("pandas-unnamed.parquet"),
    data: NAMES,
    sigma: ERRORS,
    identifier: ["index", range],
    labels: ["type", KINDS],
    unused: ["date"],
  },
  {
    program: "pandas as Feather",
    file: fixture("pandas.feather"),
    data: NAMES,
    sigma: ERRORS,
    identifier: ["barcode", CELLS],
    labels: ["type", KINDS],
    unused: ["date"],
  },
  {
    program: "polars as Parquet, with a date and a struct",
    file: fixture("polars.parquet"),
    data: NAMES,
    identifier: ["cell", CELLS],
    labels: ["cell_type", KINDS],
    unused: ["seen", "nested"],
  },
  {
    program: "polars as Arrow, compressed",
    file: fixture("polars.arrow"),
    data: NAMES,
    identifier: ["cell", CELLS],
    labels: ["cell_type", KINDS],
    unused: ["seen"],
  },
  {
    program: "DuckDB as Parquet, with decimals and wide identifiers",
    file: fixture("duckdb.parquet"),
    data: NAMES,
    identifier: ["id", range.map((i) => String(2n ** 60n + BigInt(i)))],
    labels: ["cluster", codes],
    unused: ["seen"],
  },
  {
    program: "the Gaia archive as Parquet",
    file: fixture("gaia.parquet"),
    data: ["ra", "parallax", "pmra", "duplicated_source"],
    sigma: ["ra_error", "parallax_error", "pmra_error"],
    identifier: ["source_id", range.map((i) => 4295806720 * 2 ** 20 + 7 * i).map(String)],
    unused: ["random_index"],
  },
  {
    program: "pyarrow with decimals",
    file: fixture("decimals.feather"),
    data: NAMES,
    identifier: ["cell", CELLS],
    labels: ["label", KINDS],
  },
  {
    program: "a folder of Parquet files with vectors that Spark wrote",
    file: fixture("spark"),
    data: ["features"],
    identifier: ["id", range],
    labels: ["label", KINDS],
  },
];
