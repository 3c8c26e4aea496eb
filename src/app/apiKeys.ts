import type { Clock } from '../engines/clock.ts';
import { MixFailure } from '../mix/failure.ts';
import type { Disposable, Secrets } from './ports.ts';

const prefix = 'imageMixer.apiKey:';
/** Milliseconds until a secret storage that doesn't answer counts as unavailable. It may be waiting for the user to unlock it. */
const patience = 5_000;

/** The name of the secret that holds the key for an origin. */
export function apiKeySecret(origin: string): string {
  return `${prefix}${origin}`;
}

/** How long a change lasts: for good, or until the window closes because the secret storage failed. */
export type KeyLifetime = 'stored' | 'session';

export interface ApiKeysOptions {
  readonly secrets: Secrets;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Called with each failure of the secret storage. */
  readonly onFailure: (error: unknown) => void;
  /** Called once if stored keys can't be read. */
  readonly onUnreadable: () => void;
}

/** The stored key, if there is one; or why that isn't known. */
type Answer = { readonly key: string | undefined } | { readonly error: unknown };

interface Reading {
  readonly answer: Promise<Answer>;
  /** Whether the storage took too long, and still hasn't answered. */
  isLate: boolean;
}

/** The secret storage took longer than {@link patience}. */
class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * The API keys, one for each origin. A key is used only for the origin that it was set for. Systems without a keyring can't store
 * secrets: there, keys are kept in memory until the window closes. No method takes longer than {@link patience}; only `require` rejects.
 */
export class ApiKeys {
  readonly #options: ApiKeysOptions;
  /** Changes that couldn't be stored, by origin: a key, or null if it was cleared. */
  readonly #session = new Map<string, string | null>();
  /** Keys being read, by origin. A late answer isn't waited for again. */
  readonly #reading = new Map<string, Reading>();
  readonly #listeners = new Set<() => void>();
  #isWarned = false;

  constructor(options: ApiKeysOptions) {
    this.#options = options;
    options.secrets.onChange((name) => {
      if (!name.startsWith(prefix)) return;
      const origin = name.slice(prefix.length);
      this.#reading.delete(origin);
      this.#session.delete(origin); // what is stored now is newer
      this.#notify();
    });
  }

  /** The key; undefined if there is none, or if it can't be read. */
  async get(origin: string): Promise<string | undefined> {
    const answer = await this.#answer(origin);
    return 'key' in answer ? answer.key : undefined;
  }

  /** The key, for a job. @throws MixFailure `no-api-key`, or `no-api-key/no-answer` if it can't be read. */
  async require(origin: string): Promise<string> {
    const answer = await this.#answer(origin);
    const args = { origin };
    if ('error' in answer) {
      throw new MixFailure('no-api-key/no-answer', { args, retryable: true, cause: answer.error });
    }
    if (!answer.key) throw new MixFailure('no-api-key', { args });
    return answer.key;
  }

  async set(origin: string, key: string): Promise<KeyLifetime> {
    const trimmed = key.trim();
    return this.#change(origin, trimmed, () => this.#options.secrets.store(apiKeySecret(origin), trimmed));
  }

  /** Resolves with `session` if a stored key may be back once the window closes. */
  clear(origin: string): Promise<KeyLifetime> {
    return this.#change(origin, null, () => this.#options.secrets.delete(apiKeySecret(origin)));
  }

  /** Calls the listener when a key was set or cleared, in this window or another one. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  async #answer(origin: string): Promise<Answer> {
    const kept = this.#session.get(origin);
    if (kept !== undefined) return { key: kept ?? undefined };
    const reading = this.#reading.get(origin) ?? this.#read(origin);
    return reading.answer;
  }

  #read(origin: string): Reading {
    const { secrets, onUnreadable, onFailure } = this.#options;
    const stored = attempt(() => secrets.get(apiKeySecret(origin)));
    const reading: Reading = {
      isLate: false,
      answer: this.#within(stored).then(
        (key): Answer => ({ key }),
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
    stored.then((key) => {
      if (!reading.isLate) return forget();
      if (!isCurrent()) return;
      // Kept: a storage that is always late would be asked again and again.
      this.#reading.set(origin, { isLate: false, answer: Promise.resolve({ key }) });
      this.#notify();
    }, forget);
    return reading;
  }

  async #change(origin: string, value: string | null, store: () => Promise<void>): Promise<KeyLifetime> {
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

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Turns what the work throws at once into a rejection too. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

/** Whether a value can be a key: printable ASCII without spaces, at most 512 characters. */
export function isApiKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,512}$/.test(value.trim());
}
