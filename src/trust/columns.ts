import type { TableColumn } from "../io/index.js";
import type { Trust } from "./trust.js";

/**
 * Returns the scores as columns of a table. The columns of the measurement score are those that `uncertaintyColumns`
 * returns.
 */
export function trustColumns({
  perturbation,
  singularity,
  reliability,
  doubts,
  groups,
}: Trust): Record<string, TableColumn> {
  return {
    ...(perturbation && { perturbation: perturbation.scores }),
    singularity: singularity.scores,
    reliability: reliability.scores,
    reliability_class: reliability.classes,
    doubts: Int32Array.from(doubts),
    ...(groups && {
      map_group: Array.from(groups.of, (group) => (group < 0 ? "" : groups.groups[group].name)),
      map_group_verdict: Array.from(groups.of, (group) => (group < 0 ? "" : groups.groups[group].verdict)),
      staying: groups.staying,
    }),
  };
}
