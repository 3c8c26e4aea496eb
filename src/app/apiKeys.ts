import { MixFailure } from '../mix/failure.ts';
import { OriginSecrets, type OriginSecretsOptions } from './originSecrets.ts';

const prefix = 'imageMixer.apiKey:';

/** The name of the secret that holds the key for an origin. */
export function apiKeySecret(origin: string): string {
  return `${prefix}${origin}`;
}

/** The API keys for the hosted service. */
export class ApiKeys extends OriginSecrets {
  constructor(options: Omit<OriginSecretsOptions, 'prefix'>) {
    super({ ...options, prefix });
  }

  /** The key, for a job. @throws MixFailure `no-api-key`, or `no-api-key/no-answer` if it can't be read. */
  async require(origin: string): Promise<string> {
    const answer = await this.read(origin);
    const args = { origin };
    if ('error' in answer) {
      throw new MixFailure('no-api-key/no-answer', { args, retryable: true, cause: answer.error });
    }
    if (!answer.value) throw new MixFailure('no-api-key', { args });
    return answer.value;
  }
}

/** Whether a value can be a key: printable ASCII without spaces, at most 512 characters. */
export function isApiKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,512}$/.test(value.trim());
}
