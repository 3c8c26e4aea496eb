/** A function that runs some time after it was last asked for, and at once when flushed. */
export interface Debounced {
  (): void;
  /** Runs now what is still due. */
  flush(): void;
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
