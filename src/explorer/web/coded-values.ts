/** The values of a numeric, date or class column in the page. */
export type ColumnValues = Float32Array | Float64Array | Uint16Array | Uint32Array;
