/**
 * Does `work` once at a time. Meanwhile only the newest request is kept, so that what moves fast is never followed
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
