import type { PointLabels, Shades } from "../../page-map/payload.js";

/** What the page is given: numbers in base64 of little-endian float32, colors and texts. */
export interface TrustPayload {
  title: string;
  n: number;
  facts: string[];
  x: string;
  y: string;
  shades: Shades;
  /** One sentence per score. */
  findings: { name: string; value: string; sentence: string }[];
  /** What the map can be colored by, in the order of the choice. */
  scores: TrustScore[];
  /** The groups of the map and then the labels, where they were tested. */
  groups: TrustGroupRow[];
  /** Headings of their cells. */
  groupColumns: { groups: string[]; labels: string[] };
  /** Scores of several perplexities, where these were compared. */
  perplexities: { note: string; values: number[]; charts: PerplexityChart[] } | null;
  /** The points with most doubts. */
  doubtful: number[];
}

/** One score of each perplexity. */
export interface PerplexityChart {
  title: string;
  explanation: string;
  /** One per perplexity; `null` for infinity. */
  scores: (number | null)[];
  /** The perplexity that the score suggests, where it does. */
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
  /** What it means, and its threshold. */
  explanation: string;
  /** Numbers, or classes and labels. */
  values: string | null;
  labels: PointLabels | null;
  /** Whether colors follow the logarithm. */
  isLogarithmic: boolean;
}
