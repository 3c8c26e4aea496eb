/** A value with its undo and redo steps, as it is kept between sessions. */
export interface HistorySnapshot<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
}

/** Undo and redo over immutable values. Changes in a row that carry the same key (one drag, one visit of a text box) are one step. */
export class UndoHistory<T> {
  readonly #limit: number;
  #past: readonly T[];
  #present: T;
  #future: readonly T[];
  #key: string | undefined;

  /** @param limit how many steps are kept; the oldest go first. */
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

  /** Makes `next` the present. The same value again is no step. */
  change(next: T, key?: string): void {
    if (next === this.#present) return;
    const continues = key !== undefined && key === this.#key;
    if (!continues) this.#past = [...this.#past, this.#present].slice(-this.#limit);
    this.#present = next;
    this.#future = [];
    this.#key = key;
  }

  /** Ends the step that is being made: the next change starts a new one, whatever its key. */
  endStep(): void {
    this.#key = undefined;
  }

  /** Goes one step back; false where there is none. */
  undo(): boolean {
    const previous = this.#past.at(-1);
    if (previous === undefined) return false;
    this.#future = [this.#present, ...this.#future];
    this.#past = this.#past.slice(0, -1);
    this.#present = previous;
    this.#key = undefined;
    return true;
  }

  /** Goes one step forward again; false where there is none. */
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
