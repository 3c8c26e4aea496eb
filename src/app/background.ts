/** Takes work that nobody waits for. If it fails, the error is logged. */
export type Background = (work: PromiseLike<unknown>) => void;

/** @param log must not throw. */
export function createBackground(log: (error: unknown) => void): Background {
  return (work) => void Promise.resolve(work).catch(log);
}
