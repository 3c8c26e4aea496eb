import type { EngineView } from '../protocol/contract.ts';
import type { Disposable } from './ports.ts';

type Balance = NonNullable<EngineView['balance']>;

/** The balance of the account at the service, as it was last reported. It is requested while the user looks at the panel, never on a timer. */
export class AccountBalance {
  readonly #request: () => Promise<Balance | undefined>;
  readonly #listeners = new Set<() => void>();
  #requests = 0;
  #last: Balance | null = null;

  /** @param request resolves with undefined if the balance isn't known; must not reject. */
  constructor(request: () => Promise<Balance | undefined>) {
    this.#request = request;
  }

  /** Null if the balance isn't known. */
  get last(): Balance | null {
    return this.#last;
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  async refresh(): Promise<void> {
    const request = ++this.#requests;
    const balance = (await this.#request()) ?? null;
    // The reply to an outdated request may be about another account.
    if (request !== this.#requests || isSame(balance, this.#last)) return;
    this.#last = balance;
    for (const listener of this.#listeners) listener();
  }
}

function isSame(a: Balance | null, b: Balance | null): boolean {
  return a?.amount === b?.amount && a?.currency === b?.currency;
}
