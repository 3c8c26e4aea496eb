import * as vscode from 'vscode';
import type { EngineView } from '../protocol/contract.ts';

type Balance = NonNullable<EngineView['balance']>;

/** What is left in the account at the service, as it last said. It is asked when somebody looks at the panel, never on a timer. */
export class AccountBalance {
  readonly #ask: () => Promise<Balance | undefined>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onChange = this.#changed.event;
  #asked = 0;
  /** Null where it is not known. */
  last: Balance | null = null;

  /** @param ask resolves with undefined where the balance can't be known; must not reject. */
  constructor(ask: () => Promise<Balance | undefined>) {
    this.#ask = ask;
  }

  async refresh(): Promise<void> {
    const turn = ++this.#asked;
    const balance = (await this.#ask()) ?? null;
    // An answer that was overtaken may be about another account.
    if (turn !== this.#asked || isSame(balance, this.last)) return;
    this.last = balance;
    this.#changed.fire();
  }
}

function isSame(a: Balance | null, b: Balance | null): boolean {
  return a?.amount === b?.amount && a?.currency === b?.currency;
}
