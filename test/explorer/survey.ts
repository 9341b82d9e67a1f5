/** Columns of the table of {@link makeSurvey} beside x and y, one or more of each type. */
export const SURVEY_COLUMNS = [
  "object_id",
  "label",
  "field",
  "redshift",
  "flux",
  "exposures",
  "night",
  "processed",
  "merger",
  "remark",
  "page",
  "cutout",
] as const;

const CLASSES = ["spiral", "elliptical", "lenticular", "irregular", "quasar"];
const FIELDS = ["north", "south", "deep", "stripe 82"];
const WORDS = ["faint", "bright", "dusty", "edge-on", "face-on", "barred", "ringed", "blended", "isolated"];

/** Numbers from 0 to 1 that are the same in every run. */
function uniform(): () => number {
  let state = 20261201;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** A catalog of galaxies as one CSV text: positions and {@link SURVEY_COLUMNS}. Some values are missing. */
export function makeSurvey(n: number): string {
  const random = uniform();
  const lines = [`x,y,${SURVEY_COLUMNS.join(",")}`];
  for (let i = 0; i < n; i++) {
    const kind = i % CLASSES.length;
    const angle = 2 * Math.PI * random();
    const radius = Math.sqrt(random());
    const x = 3 * Math.cos((2 * Math.PI * kind) / CLASSES.length) + radius * Math.cos(angle);
    const y = 3 * Math.sin((2 * Math.PI * kind) / CLASSES.length) + radius * Math.sin(angle);
    const day = new Date(Date.UTC(2019, 0, 1) + 86_400_000 * Math.floor(1500 * random()));
    const words = [0, 1, 2].map(() => WORDS[Math.floor(random() * WORDS.length)]);
    lines.push(
      [
        x.toFixed(4),
        y.toFixed(4),
        `G${String(i).padStart(7, "0")}`,
        CLASSES[kind],
        i % 11 === 3 ? "" : FIELDS[Math.floor(random() * FIELDS.length)],
        i % 7 === 5 ? "" : (3 * random() ** 2).toFixed(4),
        (10 ** (4 * random())).toFixed(3),
        Math.floor(30 * random()),
        day.toISOString().slice(0, 10),
        new Date(day.getTime() + 1000 * Math.floor(86_400 * random())).toISOString().replace(".000", ""),
        random() < 0.2 ? "true" : "false",
        i % 5 === 4 ? "" : `${words.join(", ")} no. ${i}`,
        `https://example.org/galaxies/${i}`,
        `cutouts/${String(i).padStart(7, "0")}.png`,
      ].join(","),
    );
    // The remark contains commas.
    lines[i + 1] = (lines[i + 1] as string).replace(/,((?:[a-z-]+, ){2}[a-z-]+ no\. \d+),/, ',"$1",');
  }
  return `${lines.join("\n")}\n`;
}
