import * as vscode from 'vscode';

/**
 * Replaces the items of a quick pick while the user selects some of them. With each new list VS Code clears the selection and then
 * restores what the extension knew when it sent the list, so a selection made in between would be lost. This class distinguishes
 * what the user changes from what VS Code resets, and restores it.
 */
export class StableSelection<T extends vscode.QuickPickItem> {
  readonly #picker: vscode.QuickPick<T>;
  /** What the user has selected. */
  #selected: readonly T[] = [];
  /** The selection that VS Code reported last. For a moment after a new list, it has fewer items than the user selected. */
  #shown: readonly T[] = [];
  /** The selection that was sent last, until VS Code has replied. */
  #sent: readonly T[] | undefined;
  #isSending = false;
  #isStale = false;
  #isClosed = false;

  constructor(picker: vscode.QuickPick<T>) {
    this.#picker = picker;
    picker.onDidChangeSelection((items) => this.#change(items));
    picker.onDidHide(() => {
      this.#isClosed = true;
    });
  }

  get items(): readonly T[] {
    return this.#selected;
  }

  /** Sends a list, which `set` hands to the picker. Calls during a send are merged into one more send. */
  async send(set: () => void): Promise<void> {
    this.#isStale = true;
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      set();
      do await this.#restore();
      while (!isSame(this.#shown, this.#selected) && !this.#isClosed);
    }
    this.#isSending = false;
  }

  /** Sends the selection, and waits until VS Code has replied to everything. */
  async #restore(): Promise<void> {
    this.#sent = this.#selected;
    this.#picker.selectedItems = this.#selected;
    await new Promise((resolve) => setTimeout(resolve)); // VS Code sends changes at the end of a turn
    await vscode.commands.executeCommand('noop'); // the reply comes after everything that the list caused
    this.#sent = undefined;
  }

  #change(items: readonly T[]): void {
    const isReset = this.#sent && (items.length === 0 || isSame(items, this.#sent));
    if (!isReset) {
      const kept = this.#selected.filter((item) => items.includes(item) || !this.#shown.includes(item));
      this.#selected = [...kept, ...items.filter((item) => !kept.includes(item))];
    }
    this.#shown = items;
  }
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((item) => others.includes(item));
}
