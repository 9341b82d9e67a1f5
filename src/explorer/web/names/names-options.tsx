import { Select, Toggle } from "../controls.js";
import controls from "../controls.module.css";
import {
  chosenNamesColumn,
  type NamesShown,
  nameableColumns,
  namesColumn,
  namesShown,
  showsContours,
} from "./map-names.js";

/** The options for names on the maps and for density contours. */
export function NamesOptions() {
  const columns = nameableColumns.value;
  const choices = [
    { value: "none", title: "None" },
    { value: "regions", title: "Of dense regions" },
    { value: "classes", title: "Of classes, at their centers" },
  ] as const;
  return (
    <>
      {columns.length > 0 && (
        <Select
          label="Names on the map"
          value={namesShown.value}
          choices={choices}
          onChoose={(value) => {
            namesShown.value = value as NamesShown;
          }}
        />
      )}
      {namesShown.value === "regions" && columns.length > 1 && (
        <Select
          label="Name regions by"
          value={chosenNamesColumn.value?.id ?? ""}
          choices={columns.map(({ id, title }) => ({ value: id, title }))}
          onChoose={(id) => {
            namesColumn.value = id;
          }}
        />
      )}
      {namesShown.value === "regions" && columns.length > 0 && (
        <p class={controls.note}>
          A region is named after the {chosenNamesColumn.value?.kind === "text" ? "words" : "values"} that are
          over-represented in it. Smaller regions get names as you zoom in.
        </p>
      )}
      <Toggle
        label="Contours of density"
        isOn={showsContours.value}
        onChange={(isOn) => {
          showsContours.value = isOn;
        }}
      />
      {showsContours.value && (
        <p class={controls.note}>The contours enclose the densest regions with 25, 50, 75 and 95 % of all points.</p>
      )}
    </>
  );
}
