import type { PointLabels, Shades } from "../../page-map/payload.js";

/** The data of the page: numbers as base64 of little-endian float32 or uint32, colors and texts. */
export interface ReportPayload {
  title: string;
  n: number;
  k: number;
  outputDimensions: number;
  /** Lines of text that describe the whole comparison. */
  facts: string[];
  maps: { name: string; summary: string; x: string; y: string }[];
  pairs: {
    first: number;
    second: number;
    displacement: string;
    changed: string;
    /** Rows of the points that moved most. */
    marks: number[];
    tiles: ReportTile[];
  }[];
  sigma: string | null;
  labels: PointLabels | null;
  shades: Shades;
  tables: ReportTable[];
}

/** A number that summarizes a difference. */
export interface ReportTile {
  name: string;
  value: string;
  explanation: string;
}

export interface ReportTable {
  caption: string;
  explanation: string;
  columns: string[];
  rows: {
    name: string;
    explanation: string;
    /** `best` is true for the best value among the cells that can be compared with each other. */
    cells: { text: string; best: boolean }[];
  }[];
}
