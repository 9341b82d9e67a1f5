/** Length of a training. */
export interface TrainingLength {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}
