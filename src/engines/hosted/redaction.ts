/** How many characters of the service's own words are passed on. */
const longest = 300;

/**
 * The service's own words as they may be shown and logged: without the key, without the query of any address
 * (it may hold a signature), on one line and not long.
 */
export function redactMessage(text: string, key: string): string {
  const withoutKey = [key, encodeURIComponent(key)].reduce((words, secret) => words.replaceAll(secret, '…'), text);
  const tidy = stripQueries(withoutKey)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return tidy.length > longest ? `${tidy.slice(0, longest - 1)}…` : tidy;
}

/** A text with its web addresses cut at `?` or `#`: what follows may hold a signature. */
export function stripQueries(text: string): string {
  return text.replace(/(https?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1');
}

/** An address as it may be logged: without user, query and fragment. */
export function redactUrl(address: string): string {
  if (!URL.canParse(address)) return '…';
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}
