import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';

/** Makes a dispatcher with no open connection. Whoever asked for it destroys it. */
export type DispatcherFactory = () => Dispatcher;

/** Milliseconds until an address that does not answer is given up. */
const connectTimeout = 15_000;

/** Straight connections, without a proxy. */
export const directDispatcher: DispatcherFactory = () =>
  new Agent({ connect: { timeout: connectTimeout }, keepAliveTimeout: 15_000 });
