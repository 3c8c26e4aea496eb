import type { Dispatcher } from 'undici';
import type { OpenWebSocket } from '../../network/webSocket.ts';

/** Milliseconds for the upgrade, and for the server's part in closing. */
const times = { connect: 15_000, close: 3_000 };

/** The first frame that a client sends. With it, previews say which prompt they belong to. */
const featureFlags = JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } });

/** What a connection is made with. */
export interface SocketTarget {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Connects, and passes on what arrives until the connection ends or the signal is aborted. Never rejects; resolves once the connection is
 * closed, or after some seconds if the server doesn't respond to closing.
 */
export function runSocket(
  open: OpenWebSocket,
  { url, ...options }: SocketTarget,
  on: { open(): void; message(data: unknown): void },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const socket = open(url, options);
    let closing: NodeJS.Timeout | undefined;
    const close = () => {
      socket.close();
      closing ??= setTimeout(end, times.close);
    };
    const connecting = setTimeout(close, times.connect);
    const end = () => {
      clearTimeout(connecting);
      clearTimeout(closing);
      signal.removeEventListener('abort', close);
      resolve();
    };
    signal.addEventListener('abort', close, { once: true });
    socket.addEventListener('open', () => {
      clearTimeout(connecting);
      socket.send(featureFlags);
      on.open();
    });
    socket.addEventListener('message', ({ data }) => {
      if (!signal.aborted) on.message(data);
    });
    socket.addEventListener('close', end); // comes after every error, and after a refused upgrade
  });
}
