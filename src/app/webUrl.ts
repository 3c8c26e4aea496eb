import { hideUserInfo } from '../mix/portable.ts';

/** Whether a text is an http or https URL. */
export function isWebUrl(text: string): boolean {
  const trimmed = text.trim();
  return /^https?:\/\//i.test(trimmed) && URL.canParse(trimmed);
}

/** Whether a text is a `data:` URI. */
export function isDataUri(text: string): boolean {
  return /^\s*data:[^,]*,/i.test(text);
}

/** Whether an http(s) URL has a user or a password. */
export function hasCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

/** An http(s) URL without its user and password, and otherwise verbatim: parsing re-encodes a query, which breaks signatures. */
export function withoutCredentials(url: string): string {
  return hasCredentials(url) ? hideCredentials(url) : url;
}

/** The user and password of an http(s) URL, as written there; empty if it has none. */
export function userInfoOf(url: string): string {
  return /^https?:[/\\]*([^/\\?#]*)@/i.exec(url)?.[1] ?? '';
}

/** An http(s) URL that has none with a user and password. It is otherwise verbatim. */
export function withUserInfo(url: string, userInfo: string): string {
  return url.replace(/^https?:[/\\]*/i, (start) => `${start}${userInfo}@`);
}

/** What a message calls a text that may be an address: its start, without what may be a user and a password. */
export function shownAddress(text: string): string {
  return hideUserInfo(hideCredentials(text)).slice(0, 80);
}

/** Any text without what may be a user and a password in front of a host. */
export function hideCredentials(text: string): string {
  return text.replace(/^(\s*[a-z][a-z0-9+.-]*:[/\\]*)[^/\\?#]*@/i, '$1');
}
