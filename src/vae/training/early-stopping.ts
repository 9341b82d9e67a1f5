/** The state of {@link updateStopping} between epochs. */
export interface StoppingState {
  /** Smallest validation loss that counted as an improvement, and its epoch, from 1. */
  readonly best: { readonly loss: number; readonly epoch: number } | undefined;
}

/** Returns the state after an epoch, whether the loss improved, and whether the training should end. */
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
