import { isPicture } from './picture.ts';

const TIMEOUT_MS = 10_000;

/**
 * The bytes of a source picture: an upload of the service's own, or whatever answers at a loopback address; the sandbox never
 * leaves this machine. Undefined where the service would say that it could not fetch the picture.
 */
export async function fetchSource(
  url: string,
  uploadAt: (path: string) => Buffer | undefined,
): Promise<Buffer | undefined> {
  const { hostname, pathname } = new URL(url);
  if (!isLoopback(hostname)) return undefined;
  if (pathname.startsWith('/uploads/')) return uploadAt(pathname);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return undefined;
    const bytes = Buffer.from(await response.arrayBuffer());
    return (await isPicture(bytes)) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
