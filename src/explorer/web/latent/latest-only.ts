/**
 * Runs `work` for one input at a time. While it runs, only the newest input is kept, so that a fast slider does not
 * queue all its intermediate positions.
 */
export function latestOnly<Input>(work: (input: Input) => Promise<void>): (input: Input) => void {
  let next: { input: Input } | undefined;
  let isWorking = false;
  const proceed = async () => {
    isWorking = true;
    while (next) {
      const { input } = next;
      next = undefined;
      await work(input);
    }
    isWorking = false;
  };
  return (input) => {
    next = { input };
    if (!isWorking) void proceed();
  };
}
