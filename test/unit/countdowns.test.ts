import { expect, test } from 'vitest';
import type { JobView } from '../../src/protocol/contract.ts';
import { Countdowns } from '../../src/webview/model/countdowns.ts';

const job = (id: string, etaSeconds?: number): JobView => ({
  id,
  name: id,
  engine: 'hosted',
  state: 'running',
  progress: { stage: 'queued', ...(etaSeconds === undefined ? {} : { etaSeconds }) },
  fixes: [],
  canCheckAgain: false,
});

test('the time that a job still takes runs down until the host reports another one', () => {
  let now = 1000;
  const countdowns = new Countdowns(() => now);
  countdowns.update([job('a', 30), job('b')]);
  expect([countdowns.remaining('a'), countdowns.remaining('b')]).toEqual([30, undefined]);
  now += 12_000;
  expect(countdowns.remaining('a')).toBe(18);
  countdowns.update([job('a', 30), job('b', 5)]); // another job changed
  expect([countdowns.remaining('a'), countdowns.remaining('b')]).toEqual([18, 5]);
  expect(countdowns.isRunning).toBe(true);
  now += 20_000;
  expect([countdowns.remaining('a'), countdowns.isRunning]).toEqual([undefined, false]);
  countdowns.update([job('a', 30)]);
  expect(countdowns.remaining('a')).toBe(30); // it waits once more
  countdowns.update([job('a', 7)]);
  expect([countdowns.remaining('a'), countdowns.remaining('b')]).toEqual([7, undefined]);
  countdowns.update([]);
  expect(countdowns.isRunning).toBe(false);
});
