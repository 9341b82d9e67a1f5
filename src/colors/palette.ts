import {
  filterDeficiencyDeuter,
  filterDeficiencyProt,
  formatHex,
  interpolate,
  modeLrgb,
  modeOklab,
  modeRgb,
  parseHex,
  type Rgb,
  useMode,
} from "culori/fn";
import { choice } from "../options/index.js";

useMode(modeRgb);
useMode(modeLrgb);
const toOklab = useMode(modeOklab);

/** Dark on white, or light on near-black. */
export const THEMES = ["light", "dark"] as const;
/** One of {@link THEMES}. */
export type Theme = (typeof THEMES)[number];

/** The theme option of all pictures. */
export const themeOption = choice(THEMES, {
  default: "light",
  placeholder: "<light|dark>",
  help: "dark on white, or light on black",
});

/** The colors of a picture except those of its points. */
export interface Ink {
  background: string;
  text: string;
  /** Less important text, such as subtitles and counts. */
  muted: string;
  /** Frames and outlines. */
  line: string;
  /** Points without a label. */
  rest: string;
  /** Points of a map without any labels. */
  single: string;
}

export const INKS: Record<Theme, Ink> = {
  light: {
    background: "#ffffff",
    text: "#1b1f24",
    muted: "#626a73",
    line: "#dfe3e8",
    rest: "#b3b8be",
    single: "#0072b2",
  },
  dark: {
    background: "#12151a",
    text: "#eceff3",
    muted: "#9aa3ad",
    line: "#2b3138",
    rest: "#59616b",
    single: "#56b4e9",
  },
};

/**
 * The eight colors of Okabe and Ito (2008, "Color Universal Design"), which people with any kind of color vision can
 * distinguish. The last one, black, becomes white on a dark background.
 */
const OKABE_ITO = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442"];
const OKABE_ITO_EIGHTH: Record<Theme, string> = { light: "#000000", dark: "#ffffff" };

/** Range of OKLab lightness that is clearly visible on the background. */
const LIGHTNESS: Record<Theme, readonly [number, number]> = { light: [0.38, 0.84], dark: [0.46, 0.9] };

/**
 * Returns `count` colors that are as different as possible. Up to 8 colors are those of Okabe and Ito. Each further
 * color is the one in the sRGB gamut that is farthest from all previous ones (Glasbey et al. 2007,
 * doi:10.1002/col.20327). Distances are measured in OKLab (Ottosson 2020): the distance of two colors is the minimum
 * over normal vision, red blindness and green blindness (Machado et al. 2009).
 */
export function categoricalColors(count: number, theme: Theme): string[] {
  if (count <= OKABE_ITO.length + 1) return [...OKABE_ITO, OKABE_ITO_EIGHTH[theme]].slice(0, count);
  const colors = [...OKABE_ITO];
  const [darkest, lightest] = LIGHTNESS[theme];
  const candidates = sRgbLattice().filter(({ seen }) => {
    const [l, a, b] = seen[0];
    return l >= darkest && l <= lightest && Math.hypot(a, b) > 0.05;
  });
  const nearest = new Float64Array(candidates.length).fill(Number.POSITIVE_INFINITY);
  const approach = (color: Seen) => {
    candidates.forEach((candidate, i) => {
      nearest[i] = Math.min(nearest[i], difference(candidate.seen, color));
    });
  };
  for (const color of colors) approach(see(parseHex(color) as Rgb));
  while (colors.length < count) {
    const farthest = candidates[nearest.indexOf(Math.max(...nearest))];
    colors.push(farthest.hex);
    approach(farthest.seen);
  }
  return colors;
}

/** Nine equally spaced colors of viridis (van der Walt & Smith 2015, matplotlib, CC0). */
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];
/** The part of viridis that is clearly visible on the background. */
const VIRIDIS_PART: Record<Theme, readonly [number, number]> = { light: [0, 0.94], dark: [0.12, 1] };

/** Returns `count` colors along viridis, without the end that is similar to the background. */
export function sequentialColors(count: number, theme: Theme): string[] {
  const at = interpolate(
    VIRIDIS.map((color) => parseHex(color) as Rgb),
    "oklab",
  );
  const [start, end] = VIRIDIS_PART[theme];
  return Array.from({ length: count }, (_, i) => formatHex(at(start + ((end - start) * i) / (count - 1))));
}

/** Mixes `color` with `ground`; `amount` is the share of `ground`, 0 to 1. */
export function fade(color: string, ground: string, amount: number): string {
  return formatHex(interpolate([parseHex(color) as Rgb, parseHex(ground) as Rgb], "rgb")(amount));
}

type Oklab = readonly [number, number, number];
/** A color as it appears with normal, red-blind and green-blind vision. */
type Seen = readonly Oklab[];

const VISIONS = [(color: Rgb) => color, filterDeficiencyProt(1), filterDeficiencyDeuter(1)];
/**
 * The distances between colors in color-blind vision are multiplied by this factor. Color-blind vision distinguishes
 * fewer colors, so without the factor the chosen colors could hardly differ in anything but lightness.
 */
const DEFICIENCY_WEIGHT = 1.7;

function see(color: Rgb): Seen {
  return VISIONS.map((vision) => {
    const { l, a, b } = toOklab(vision(color));
    return [l, a, b];
  });
}

function difference(p: Seen, q: Seen): number {
  let least = Number.POSITIVE_INFINITY;
  for (let v = 0; v < VISIONS.length; v++) {
    const [l1, a1, b1] = p[v];
    const [l2, a2, b2] = q[v];
    least = Math.min(least, Math.hypot(l1 - l2, a1 - a2, b1 - b2) * (v === 0 ? 1 : DEFICIENCY_WEIGHT));
  }
  return least;
}

function sRgbLattice(): { hex: string; seen: Seen }[] {
  const levels = Array.from({ length: 14 }, (_, i) => i / 13);
  return levels.flatMap((r) =>
    levels.flatMap((g) =>
      levels.map((b) => {
        const color: Rgb = { mode: "rgb", r, g, b };
        return { hex: formatHex(color), seen: see(color) };
      }),
    ),
  );
}
