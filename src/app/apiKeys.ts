import type { Disposable, Secrets } from './ports.ts';

const prefix = 'imageMixer.apiKey:';

/** The name of the secret that holds the key for an origin. */
export function apiKeySecret(origin: string): string {
  return `${prefix}${origin}`;
}

/** The API keys, one for each origin. A key is used only for the origin that it was set for. */
export class ApiKeys {
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  get(origin: string): Promise<string | undefined> {
    return this.#secrets.get(apiKeySecret(origin));
  }

  async set(origin: string, key: string): Promise<void> {
    await this.#secrets.store(apiKeySecret(origin), key.trim());
  }

  async clear(origin: string): Promise<void> {
    await this.#secrets.delete(apiKeySecret(origin));
  }

  /** Calls the listener when a key was set or cleared, in this window or another one. */
  onChange(listener: () => void): Disposable {
    return this.#secrets.onChange((name) => {
      if (name.startsWith(prefix)) listener();
    });
  }
}

/** Whether a value can be a key: printable ASCII without spaces, at most 512 characters. */
export function isApiKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,512}$/.test(value.trim());
}
