import { afterEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { Channel, type Port, RemoteError } from '../../src/protocol/channel.ts';

const contract = {
  double: { params: z.object({ value: z.number() }), result: z.number(), timeout: 1000 },
  never: { params: z.null(), result: z.null(), timeout: 1000 },
} as const;

afterEach(() => vi.useRealTimers());

/** Two connected ports. A message arrives in the same turn. */
function connectedPorts(): [Port, Port] {
  const listeners: [Set<(message: unknown) => void>, Set<(message: unknown) => void>] = [new Set(), new Set()];
  const end = (mine: 0 | 1): Port => ({
    send: (message) => {
      for (const listener of listeners[mine === 0 ? 1 : 0]) listener(structuredClone(message));
    },
    listen: (listener) => {
      listeners[mine].add(listener);
      return () => listeners[mine].delete(listener);
    },
  });
  return [end(0), end(1)];
}

function ends(double: (params: { value: number }) => number) {
  const [here, there] = connectedPorts();
  const describe = (error: unknown) => ({ code: 'oops', message: error instanceof Error ? error.message : '' });
  const handlers = { double, never: () => new Promise<null>(() => undefined) };
  const remote = new Channel({ port: there, remote: {}, local: contract, handlers, describe });
  const caller = new Channel({ port: here, remote: contract, local: {}, handlers: {}, describe });
  return { caller, remote, here, there };
}

test('a call returns its result', async () => {
  const { caller } = ends(({ value }) => value * 2);
  await expect(caller.call('double', { value: 21 })).resolves.toBe(42);
});

test('an error of a handler comes back with its code and message', async () => {
  const { caller } = ends(() => {
    throw new Error('no');
  });
  await expect(caller.call('double', { value: 1 })).rejects.toMatchObject({ code: 'oops', message: 'no' });
});

test('an invalid reply is an error', async () => {
  const { caller } = ends(() => JSON.parse('"text"'));
  await expect(caller.call('double', { value: 1 })).rejects.toMatchObject({ code: 'bad-reply' });
});

test('invalid parameters never reach the handler', async () => {
  const handler = vi.fn(() => 1);
  const { there, here } = ends(handler);
  const replies: unknown[] = [];
  here.listen((message) => replies.push(message));
  here.send({ kind: 'call', id: 7, name: 'double', body: { value: 'x' } });
  here.send({ kind: 'call', id: 8, name: 'toString', body: null });
  here.send('noise');
  await vi.waitFor(() => expect(replies).toHaveLength(2));
  expect(replies).toMatchObject([
    { kind: 'error', id: 7 },
    { kind: 'error', id: 8 },
  ]);
  expect(handler).not.toHaveBeenCalled();
  there.send('noise');
});

test('a call without a reply times out, and closing the channel rejects pending calls', async () => {
  vi.useFakeTimers();
  const { caller } = ends(() => 1);
  const late = expect(caller.call('never', null)).rejects.toMatchObject({ code: 'timeout' });
  await vi.advanceTimersByTimeAsync(1001);
  await late;
  const waiting = caller.call('never', null);
  caller.dispose();
  await expect(waiting).rejects.toBeInstanceOf(RemoteError);
});
