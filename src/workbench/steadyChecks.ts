import * as vscode from 'vscode';

/**
 * Replaces the items of a quick pick while people check some of them. VS Code takes all checks away with each new list
 * and then puts those back that the extension knew of as it sent the list; one that was made since would be lost. What
 * people change is therefore told from what VS Code resets, and set again.
 */
export class SteadyChecks<T extends vscode.QuickPickItem> {
  readonly #picker: vscode.QuickPick<T>;
  /** What people have checked. */
  #checked: readonly T[] = [];
  /** What VS Code said last that is checked: less than people have, for a moment, after a new list. */
  #shown: readonly T[] = [];
  /** What was checked as it was last sent, until VS Code has answered. */
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

  get checked(): readonly T[] {
    return this.#checked;
  }

  /** Sends a list, which `set` gives the picker; while one is under way, once after it, however often this is called. */
  async send(set: () => void): Promise<void> {
    this.#isStale = true;
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      set();
      do await this.#check();
      while (!isSame(this.#shown, this.#checked) && !this.#isClosed);
    }
    this.#isSending = false;
  }

  /** Gives the picker what people have checked, and waits until VS Code has answered all that it was sent. */
  async #check(): Promise<void> {
    this.#sent = this.#checked;
    this.#picker.selectedItems = this.#checked;
    await new Promise((resolve) => setTimeout(resolve)); // VS Code sends what was set in a turn at its end
    await vscode.commands.executeCommand('noop'); // answered in turn: after all that came of the list
    this.#sent = undefined;
  }

  #change(items: readonly T[]): void {
    const isReset = this.#sent && (items.length === 0 || isSame(items, this.#sent));
    if (!isReset) {
      const kept = this.#checked.filter((item) => items.includes(item) || !this.#shown.includes(item));
      this.#checked = [...kept, ...items.filter((item) => !kept.includes(item))];
    }
    this.#shown = items;
  }
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((item) => others.includes(item));
}
