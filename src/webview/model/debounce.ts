/** A function whose calls run later, or at once by `flush`. */
export interface Debounced {
  (): void;
  /** Runs a pending call now. */
  flush(): void;
}

/** Runs the first call at once. Calls within the next `delay` milliseconds are merged into one at their end. */
export function throttle(run: () => void, delay: number): Debounced {
  let isPending = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    if (isPending) run();
    isPending = false;
  };
  const call = () => {
    isPending = true;
    if (timer !== undefined) return;
    flush();
    timer = setTimeout(() => {
      timer = undefined;
      if (isPending) call();
    }, delay);
  };
  return Object.assign(call, { flush });
}

/** Runs once `delay` milliseconds have passed without another call. */
export function debounce(run: () => void, delay: number): Debounced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    run();
  };
  return Object.assign(
    () => {
      clearTimeout(timer);
      timer = setTimeout(flush, delay);
    },
    { flush },
  );
}
