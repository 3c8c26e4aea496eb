import { hideUserInfo } from '../../mix/portable.ts';

/** Longest message of the service that is shown or logged, in characters. */
const maxMessageLength = 300;

/**
 * A message of the service as it may be shown and logged: without the key and without the query of any URL, which may contain
 * a signature; on one line and at most 300 characters long.
 */
export function redactMessage(text: string, key: string): string {
  const withoutKey = [key, encodeURIComponent(key)].reduce((result, secret) => result.replaceAll(secret, '…'), text);
  const message = stripQueries(withoutKey)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return message.length > maxMessageLength ? `${message.slice(0, maxMessageLength - 1)}…` : message;
}

/** Cuts every http(s) URL in a text at `?` or `#`, because the rest may contain a signature, and removes users and passwords. */
export function stripQueries(text: string): string {
  return hideUserInfo(text).replace(/(https?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1');
}

/** An error with its cause, as it may be logged. A key must be cut from their messages before. */
export function describeError(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? `, ${error.cause}` : '';
  return stripQueries(`${error}${cause}`);
}

/** A URL as it may be logged: without user, query and fragment. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '…';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
