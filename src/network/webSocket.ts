import type { Dispatcher, WebSocket } from 'undici';

/** What opens a WebSocket. */
export interface WebSocketOptions {
  /** Connects, and limits the size of messages. */
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

/** Opens WebSockets without following redirects. Binary messages arrive as ArrayBuffer. */
export type OpenWebSocket = (url: URL, options: WebSocketOptions) => WebSocket;

/** Loads undici's WebSocket, which is large, when it is first needed. */
export async function loadWebSocket(): Promise<OpenWebSocket> {
  // The module sets the dispatcher of the whole process if there is none yet. Node sets its own when one of its classes for HTTP is
  // first used. See docs/decisions/undici-deep-imports.md.
  Reflect.get(globalThis, 'Response');
  const { WebSocket } = await import('undici/lib/web/websocket/websocket.js');
  return (url, { dispatcher, headers }) => {
    const socket = new WebSocket(url, { dispatcher, headers: { 'user-agent': 'image-mixer', ...headers } });
    socket.binaryType = 'arraybuffer';
    return socket;
  };
}
