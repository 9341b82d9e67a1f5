/** Height of a row in pixels. */
export const ROW_HEIGHT = 30;
/**
 * Maximum height of the list in pixels. Browsers limit the height of an element; the limit of Firefox is 17.8 million
 * pixels.
 */
const MAX_HEIGHT = 12_000_000;

/** The visible rows of a long list and their positions. */
export interface VisibleRows {
  /** Height of the whole list, so that the scroll bar is right. */
  readonly height: number;
  readonly first: number;
  /** Index after the last visible row. */
  readonly end: number;
  /** Top of a row in pixels from the top of the list. */
  topOf(at: number): number;
}

/**
 * Computes the visible rows. If the list would be too high, it is compressed: the scroll bar then moves over more than
 * one row per row height.
 */
export function visibleRows(count: number, scrollTop: number, viewHeight: number): VisibleRows {
  const natural = count * ROW_HEIGHT;
  const height = Math.min(natural, MAX_HEIGHT);
  const above = naturalTop(natural, height, scrollTop, viewHeight);
  const first = Math.max(0, Math.floor(above / ROW_HEIGHT) - 4);
  const end = Math.min(count, Math.ceil((above + viewHeight) / ROW_HEIGHT) + 4);
  return { height, first, end, topOf: (at) => at * ROW_HEIGHT - above + scrollTop };
}

function naturalTop(natural: number, height: number, scrollTop: number, viewHeight: number): number {
  if (natural === height || height <= viewHeight) return scrollTop;
  return (scrollTop / (height - viewHeight)) * (natural - viewHeight);
}

/** The scroll position nearest to the current one at which a row is in sight. */
export function scrollTopFor(at: number, count: number, scrollTop: number, viewHeight: number): number {
  const natural = count * ROW_HEIGHT;
  const height = Math.min(natural, MAX_HEIGHT);
  const above = naturalTop(natural, height, scrollTop, viewHeight);
  const top = at * ROW_HEIGHT;
  const wanted = top < above ? top : top + ROW_HEIGHT > above + viewHeight ? top + ROW_HEIGHT - viewHeight : above;
  if (natural === height || height <= viewHeight) return wanted;
  return (wanted / (natural - viewHeight)) * (height - viewHeight);
}
