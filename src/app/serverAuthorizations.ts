import { OriginSecrets, type OriginSecretsOptions } from './originSecrets.ts';

const prefix = 'imageMixer.comfyuiAuthorization:';

/** The name of the secret that holds the authorization for an origin. */
export function authorizationSecret(origin: string): string {
  return `${prefix}${origin}`;
}

/**
 * The authorizations for ComfyUI servers: whole values of the authorization header. One that can't be read counts as not set, since most
 * servers need none, and one that does says so.
 */
export class ServerAuthorizations extends OriginSecrets {
  constructor(options: Omit<OriginSecretsOptions, 'prefix'>) {
    super({ ...options, prefix });
  }
}

/** Whether a value can be an authorization: a scheme, a space and credentials, in printable ASCII, at most 8,192 characters. */
export function isAuthorization(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= 8_192 &&
    /^[\w!#$%&'*+.^`|~-]+ +[\x21-\x7e][\x20-\x7e]*$/.test(value.trim())
  );
}
