import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { parseWalletBalance } from '../../src/engines/hosted/wallet.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { HostedBench } from './support/hostedBench.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const keyOf = (key: string | undefined) => async (origin: string) => {
  if (key === undefined) throw new MixFailure('no-api-key', { args: { origin } });
  return key;
};

async function balanceAt(sandbox: Sandbox, dialect: 'v5' | 'v6', key: string | undefined) {
  const settings = () => ({ baseUrl: sandbox.baseUrl, dialect, timeoutSeconds: 60 });
  const bench = await HostedBench.start(sandbox.baseUrl, { settings, apiKey: keyOf(key) });
  open.push(bench);
  return bench.engine.balance();
}

test('reports the balance only with the right dialect and key', async () => {
  const sandbox = await startSandbox();
  open.push(sandbox);
  expect(await balanceAt(sandbox, 'v6', sandbox.key)).toEqual({ amount: 9.53, currency: 'USD' });
  expect(await balanceAt(sandbox, 'v6', 'another')).toBeUndefined();
  expect(sandbox.requests).toHaveLength(2);
  expect(await balanceAt(sandbox, 'v6', undefined)).toBeUndefined();
  expect(await balanceAt(sandbox, 'v5', sandbox.key)).toBeUndefined();
  expect(sandbox.requests).toHaveLength(2);
  await sandbox.close();
  expect(await balanceAt(sandbox, 'v6', sandbox.key)).toBeUndefined();
});

test('never rejects, and logs an error that it does not expect', async () => {
  const settings = (): never => {
    throw new TypeError('broken https://example.com/a?token=s3cret');
  };
  const broken = await HostedBench.start('https://example.com/api', { settings });
  const locked = await HostedBench.start('https://example.com/api', {
    settings: () => ({ baseUrl: '', dialect: 'v6', timeoutSeconds: 60 }),
    apiKey: (origin) => Promise.reject(new MixFailure('no-api-key/no-answer', { args: { origin } })),
  });
  open.push(broken, locked);
  expect(await broken.engine.balance()).toBeUndefined();
  expect(broken.log).toEqual([
    { level: 'warn', event: 'balance-failed', args: { error: 'TypeError: broken https://example.com/a' } },
  ]);
  expect(await locked.engine.balance()).toBeUndefined();
  expect(locked.log).toEqual([]);
});

test('accepts a balance given as a string, and drops an invalid currency', () => {
  const body = (data: object) => JSON.stringify({ status: 'Success', data });
  expect(parseWalletBalance(body({ balance: '12.5', currency: 'EUR' }))).toEqual({ amount: 12.5, currency: 'EUR' });
  expect(parseWalletBalance(body({ balance: -1, currency: 7 }))).toEqual({ amount: -1, currency: '' });
  expect(parseWalletBalance(body({ balance: 'much' }))).toBeUndefined();
  expect(parseWalletBalance('<html>')).toBeUndefined();
  fc.assert(fc.property(fc.json(), (json) => void parseWalletBalance(json)));
});
