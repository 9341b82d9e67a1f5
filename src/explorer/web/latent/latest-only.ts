/**
 * Does `work` once at a time. Of what is asked for meanwhile only the newest is done, so that what moves fast is never followed
 * through all that it has passed.
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
