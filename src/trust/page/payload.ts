import type { PointLabels, Shades } from "../../page-map/payload.js";

/** The data of the page: numbers as base64 of little-endian float32, colors and texts. */
export interface TrustPayload {
  title: string;
  n: number;
  facts: string[];
  x: string;
  y: string;
  shades: Shades;
  /** One sentence per score. */
  findings: { name: string; value: string; sentence: string }[];
  /** The scores that can color the map, in the order of the selection list. */
  scores: TrustScore[];
  /** The groups of the map, followed by the labels. Empty if they were not tested. */
  groups: TrustGroupRow[];
  /** Headings of the columns in the tables of groups and of labels. */
  groupColumns: { groups: string[]; labels: string[] };
  /** Scores of several perplexities, if they were compared. */
  perplexities: { note: string; values: number[]; charts: PerplexityChart[] } | null;
  /** The points with the most doubts. */
  doubtful: number[];
}

/** A chart of one score against the perplexity. */
export interface PerplexityChart {
  title: string;
  explanation: string;
  /** One score per perplexity; `null` for infinity. */
  scores: (number | null)[];
  /** The perplexity that the score suggests, if any. */
  chosen: number | null;
}

/** A group in the table of groups; all cells are texts. */
export interface TrustGroupRow {
  name: string;
  isLabel: boolean;
  cells: string[];
  sentence: string;
  light: string;
  dark: string;
}

/** A score or class of each point. */
export interface TrustScore {
  name: string;
  /** The meaning of the score, and its threshold. */
  explanation: string;
  /** Numbers as base64; `null` for classes and labels. */
  values: string | null;
  labels: PointLabels | null;
  /** Whether the color scale is logarithmic. */
  isLogarithmic: boolean;
}
