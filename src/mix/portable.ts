/** Query parameters with a signature, a token or an expiry, as the usual storage services name them. */
const secretParameter =
  /sign|^x-(?:amz|goog|oss|cos)-|token|expir|auth|credential|secret|passw|api-?_?key|key-pair|accesskey|session|jwt|hmac|policy|^(?:key|sig|hash|e|ex|hm|is|oe|oh|se|sp|st|sv)$/i;
const webToken = /^eyJ[\w-]+\.[\w-]+/;
const secretKey = /^(?:api[-_]?key|key|auth(?:orization)?|(?:access[-_]?)?token|secret|password)$/i;

/**
 * A copy of a JSON object that may leave the machine: absolute paths become file names, URLs lose passwords and signed queries,
 * and members with the name of a key or token are removed.
 */
export function portableObject(value: object): Record<string, unknown> {
  const members = Object.entries(value).filter(([key]) => !secretKey.test(key));
  return Object.fromEntries(members.map(([key, member]) => [key, portable(member)]));
}

function portable(value: unknown): unknown {
  if (typeof value === 'string') return portableText(value);
  if (Array.isArray(value)) return value.map(portable);
  return typeof value === 'object' && value !== null ? portableObject(value) : value;
}

function portableText(text: string): string {
  if (/^https?:/i.test(text) && URL.canParse(text)) return portableUrl(text);
  if (/^(?:file:|vscode-[a-z]+:|[/\\]|[a-z]:[/\\])/i.test(text)) return text.split(/[/\\]/).findLast(Boolean) ?? '';
  return text;
}

/** A text without the users and passwords of the URLs in it. */
export function hideUserInfo(text: string): string {
  return text.replace(/(:\/\/)[^\s/?#]*@/g, '$1');
}

/** The URL without user, password and fragment, and without its query if that gives access. */
function portableUrl(text: string): string {
  const url = new URL(text);
  const secret = [...url.searchParams].some(([name, value]) => secretParameter.test(name) || webToken.test(value));
  if (!secret && !url.username && !url.password && !url.hash) return text;
  url.username = '';
  url.password = '';
  url.hash = '';
  if (secret) url.search = '';
  return url.href;
}
