/** A function that runs some time after it was last asked for, and at once when flushed. */
export interface Debounced {
  (): void;
  /** Runs now what is still due. */
  flush(): void;
}

/** Runs at once, but not again within `delay` milliseconds: then once more at their end, where it was asked to meanwhile. */
export function throttle(run: () => void, delay: number): Debounced {
  let isDue = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    if (isDue) run();
    isDue = false;
  };
  const call = () => {
    isDue = true;
    if (timer !== undefined) return;
    flush();
    timer = setTimeout(() => {
      timer = undefined;
      if (isDue) call();
    }, delay);
  };
  return Object.assign(call, { flush });
}

/** @param delay milliseconds without another call before `run` happens. */
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
