/** The values of a column of numbers, dates or classes, as the page holds them. */
export type ColumnValues = Float32Array | Float64Array | Uint16Array | Uint32Array;
