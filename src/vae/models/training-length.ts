/** Length of a training, in epochs and steps per epoch. */
export interface TrainingLength {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}
