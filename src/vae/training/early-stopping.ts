/** What {@link updateStopping} remembers from epoch to epoch. */
export interface StoppingState {
  /** Least validation loss that counted as an improvement, and its epoch, from 1. */
  readonly best: { readonly loss: number; readonly epoch: number } | undefined;
}

/** The state after an epoch, whether it improved the loss, and whether the training is to end. */
export function updateStopping(
  { best }: StoppingState,
  loss: number,
  epoch: number,
  { patience, leastImprovement }: { patience: number; leastImprovement: number },
): { state: StoppingState; isImproved: boolean; isOver: boolean } {
  if (best === undefined || loss < best.loss - leastImprovement) {
    return { state: { best: { loss, epoch } }, isImproved: true, isOver: false };
  }
  return { state: { best }, isImproved: false, isOver: epoch - best.epoch >= patience };
}
