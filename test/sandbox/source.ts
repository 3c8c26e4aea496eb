import { isPicture } from './picture.ts';

const TIMEOUT_MS = 10_000;

/**
 * The bytes of a picture at a loopback address; the sandbox never leaves this machine. Undefined where the service would say
 * that it could not fetch the picture.
 */
export async function fetchSource(url: string): Promise<Buffer | undefined> {
  if (!isLoopback(url)) return undefined;
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return undefined;
    const bytes = Buffer.from(await response.arrayBuffer());
    return (await isPicture(bytes)) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a URL names this machine by a literal address or as `localhost`. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
