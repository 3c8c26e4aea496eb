import type { Clock } from '../engines/clock.ts';
import type { Disposable, Secrets } from './ports.ts';

/** Milliseconds until a secret storage that doesn't answer counts as unavailable. It may be waiting for the user to unlock it. */
const patience = 5_000;

/** How long a change lasts: for good, or until the window closes because the secret storage failed. */
export type SecretLifetime = 'stored' | 'session';

export interface OriginSecretsOptions {
  /** The start of the secrets' names, before the origin. */
  readonly prefix: string;
  readonly secrets: Secrets;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Called with each failure of the secret storage. */
  readonly onFailure: (error: unknown) => void;
  /** Called once if stored secrets can't be read. */
  readonly onUnreadable: () => void;
}

/** The stored secret, if there is one; or why that isn't known. */
export type SecretAnswer = { readonly value: string | undefined } | { readonly error: unknown };

interface Reading {
  readonly answer: Promise<SecretAnswer>;
  /** Whether the storage took too long, and still hasn't answered. */
  isLate: boolean;
}

/** The secret storage took longer than {@link patience}. */
class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Secrets of one kind, one for each origin. A secret is used only for the origin that it was set for. Systems without a keyring can't store
 * secrets: there, they are kept in memory until the window closes. No method takes longer than {@link patience}, and none rejects.
 */
export class OriginSecrets {
  readonly #options: OriginSecretsOptions;
  /** Changes that couldn't be stored, by origin: a secret, or null if it was cleared. */
  readonly #session = new Map<string, string | null>();
  /** Secrets being read, by origin. A late answer isn't waited for again. */
  readonly #reading = new Map<string, Reading>();
  readonly #listeners = new Set<() => void>();
  #isWarned = false;

  constructor(options: OriginSecretsOptions) {
    this.#options = options;
    const { prefix, secrets } = options;
    secrets.onChange((name) => {
      if (!name.startsWith(prefix)) return;
      const origin = name.slice(prefix.length);
      this.#reading.delete(origin);
      this.#session.delete(origin); // what is stored now is newer
      this.#notify();
    });
  }

  /** The secret; undefined if there is none, or if it can't be read. */
  async get(origin: string): Promise<string | undefined> {
    const answer = await this.read(origin);
    return 'value' in answer ? answer.value : undefined;
  }

  /** The secret, or why it isn't known. */
  async read(origin: string): Promise<SecretAnswer> {
    const kept = this.#session.get(origin);
    if (kept !== undefined) return { value: kept ?? undefined };
    const reading = this.#reading.get(origin) ?? this.#startReading(origin);
    return reading.answer;
  }

  async set(origin: string, secret: string): Promise<SecretLifetime> {
    const trimmed = secret.trim();
    return this.#change(origin, trimmed, () => this.#options.secrets.store(this.#nameFor(origin), trimmed));
  }

  /** Resolves with `session` if a stored secret may be back once the window closes. */
  clear(origin: string): Promise<SecretLifetime> {
    return this.#change(origin, null, () => this.#options.secrets.delete(this.#nameFor(origin)));
  }

  /** Calls the listener when a secret was set or cleared, in this window or another one. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  #startReading(origin: string): Reading {
    const { secrets, onUnreadable, onFailure } = this.#options;
    const stored = attempt(() => secrets.get(this.#nameFor(origin)));
    const reading: Reading = {
      isLate: false,
      answer: this.#within(stored).then(
        (value): SecretAnswer => ({ value }),
        (error: unknown) => {
          onFailure(error);
          if (!this.#isWarned) onUnreadable();
          this.#isWarned = true;
          reading.isLate = error instanceof NoAnswer;
          return { error };
        },
      ),
    };
    this.#reading.set(origin, reading);
    const isCurrent = () => this.#reading.get(origin) === reading;
    const forget = () => {
      if (isCurrent()) this.#reading.delete(origin);
    };
    stored.then((value) => {
      if (!reading.isLate) return forget();
      if (!isCurrent()) return;
      // Kept: a storage that is always late would be asked again and again.
      this.#reading.set(origin, { isLate: false, answer: Promise.resolve({ value }) });
      this.#notify();
    }, forget);
    return reading;
  }

  async #change(origin: string, value: string | null, store: () => Promise<void>): Promise<SecretLifetime> {
    const stored = attempt(store);
    try {
      await this.#within(stored);
      this.#reading.delete(origin);
      if (this.#session.delete(origin)) this.#notify(); // the storage may have had nothing to change
      return 'stored';
    } catch (error) {
      this.#options.onFailure(error);
      this.#isWarned = true; // the caller says it
      this.#session.set(origin, value);
      this.#notify();
      // If it is stored late, what is kept here is the same.
      if (error instanceof NoAnswer) stored.catch(this.#options.onFailure);
      return 'session';
    }
  }

  /** @throws NoAnswer, or what the work rejects with. */
  async #within<T>(work: Promise<T>): Promise<T> {
    const answered = new AbortController();
    const tooLate = this.#options.clock.sleep(patience, answered.signal).then(() => {
      throw new NoAnswer('The secret storage takes too long');
    });
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      answered.abort();
    }
  }

  #nameFor(origin: string): string {
    return `${this.#options.prefix}${origin}`;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Turns what the work throws at once into a rejection too. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  return work();
}
