/** A value with its undo and redo steps, in the form that is saved between sessions. */
export interface HistorySnapshot<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
}

/** Undo and redo of immutable values. Consecutive changes with the same key, such as one drag of a slider, form one step. */
export class UndoHistory<T> {
  readonly #limit: number;
  #past: readonly T[];
  #present: T;
  #future: readonly T[];
  #key: string | undefined;

  /** @param limit of undo steps and of redo steps. The oldest are dropped. */
  constructor(start: HistorySnapshot<T>, limit = 100) {
    this.#limit = limit;
    this.#past = start.past.slice(-limit);
    this.#present = start.present;
    this.#future = start.future.slice(0, limit);
  }

  get present(): T {
    return this.#present;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Sets the present value. Setting the same object again has no effect. */
  change(next: T, key?: string): void {
    if (next === this.#present) return;
    const continues = key !== undefined && key === this.#key;
    if (!continues) this.#past = [...this.#past, this.#present].slice(-this.#limit);
    this.#present = next;
    this.#future = [];
    this.#key = key;
  }

  /** Ends the current step: the next change starts a new one even if its key is the same. */
  endStep(): void {
    this.#key = undefined;
  }

  /** Goes one step back. False if there is none. */
  undo(): boolean {
    const previous = this.#past.at(-1);
    if (previous === undefined) return false;
    this.#future = [this.#present, ...this.#future];
    this.#past = this.#past.slice(0, -1);
    this.#present = previous;
    this.#key = undefined;
    return true;
  }

  /** Goes one step forward. False if there is none. */
  redo(): boolean {
    const next = this.#future[0];
    if (next === undefined) return false;
    this.#past = [...this.#past, this.#present];
    this.#future = this.#future.slice(1);
    this.#present = next;
    this.#key = undefined;
    return true;
  }

  snapshot(): HistorySnapshot<T> {
    return { past: this.#past, present: this.#present, future: this.#future };
  }
}
