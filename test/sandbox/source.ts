import { isPicture } from './picture.ts';

const TIMEOUT_MS = 10_000;

/**
 * The bytes of an image at a loopback address, because the sandbox never leaves this machine. Undefined if the service would report
 * that it couldn't download the image.
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
