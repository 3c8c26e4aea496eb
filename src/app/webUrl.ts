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

/** What is in front of the user of an http(s) URL, and its `user:password@`. URLs are read as if they had no tabs and line breaks. */
const beforeHost = /^(https?:[/\\\t\r\n]*)([^/\\?#]*@)?/i;

/** An http(s) URL without its user and password, and otherwise verbatim: parsing re-encodes a query, which breaks signatures. */
export function withoutCredentials(url: string): string {
  return hasCredentials(url) ? url.replace(beforeHost, '$1') : url;
}

/** The `user:password@` of an http(s) URL, as written there; empty if it has none. */
export function userInfoOf(url: string): string {
  return beforeHost.exec(url)?.[2] ?? '';
}

/** An http(s) URL that has no user and password with these. It is otherwise verbatim. */
export function withUserInfo(url: string, userInfo: string): string {
  return url.replace(beforeHost, (start) => start + userInfo);
}

/** What a message calls a text that isn't a valid address: its start, without what may be a user and a password. */
export function shownAddress(text: string): string {
  return text.replace(/:.*@/s, ':…@').slice(0, 80);
}
