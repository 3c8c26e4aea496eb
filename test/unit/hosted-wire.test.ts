import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redactMessage } from '../../src/engines/hosted/redaction.ts';
import { normalizeResponse, type ServiceResponse } from '../../src/engines/hosted/wire.ts';

const at200 = (body: unknown): ServiceResponse => normalizeResponse({ status: 200, body: JSON.stringify(body) });

test('reads the links of a success from an array, a string or an upload, and the id as a string', () => {
  const link = 'https://cdn2.example/generations/8aa6cb76-0.png';
  expect(at200({ status: 'success', id: 349, output: [link] })).toMatchObject({
    kind: 'success',
    id: '349',
    links: [link],
  });
  expect(at200({ status: 'Success', id: 'a-1', output: link })).toMatchObject({
    kind: 'success',
    id: 'a-1',
    links: [link],
  });
  expect(at200({ status: 'success', messege: 'image uploaded', link })).toMatchObject({ links: [link], id: undefined });
  expect(at200({ status: 'ready', output: '' })).toMatchObject({ kind: 'success', links: [] });
  expect(at200({ status: 'success', output: null, id: {} })).toMatchObject({
    kind: 'success',
    links: [],
    id: undefined,
  });
});

test('reads escaped slashes and a byte order mark', () => {
  const body = '\uFEFF{"status":"success","output":["https:\\/\\/cdn2.example\\/a.png"]}';
  expect(normalizeResponse({ status: 200, body })).toMatchObject({
    kind: 'success',
    links: ['https://cdn2.example/a.png'],
  });
});

test('recognizes processing responses, with or without an estimate and a URL', () => {
  expect(
    at200({ status: 'processing', eta: 20.5, id: 12, fetch_result: 'https://api.example/api/v3/fetch/13', output: [] }),
  ).toMatchObject({ kind: 'processing', eta: 20.5, id: '12', fetchUrl: 'https://api.example/api/v3/fetch/13' });
  expect(at200({ status: 'processing', messege: 'try again later.', output: '', tip: 'x' })).toMatchObject({
    kind: 'processing',
    eta: undefined,
    id: undefined,
  });
  for (const status of ['PENDING', 'queued', ' Processing ']) expect(at200({ status }).kind).toBe('processing');
  expect(at200({ status: 'processing', eta: 'soon' })).toMatchObject({ eta: undefined });
  expect(at200({ status: 'processing', eta: '7' })).toMatchObject({ eta: 7 });
});

const refusals: [string, unknown, number, string][] = [
  ['a wrong key', { status: 'error', message: 'Invalid Api Key' }, 200, 'invalid-api-key'],
  [
    'a wrong key, worded differently',
    { status: 'error', messege: 'Invalid API key', tip: 'x' },
    401,
    'invalid-api-key',
  ],
  ['a wrong key, by HTTP status only', { detail: 'no' }, 401, 'invalid-api-key'],
  ['invalid JSON', { status: 'error', message: 'Invalid API Request' }, 200, 'invalid-request'],
  [
    'invalid fields',
    { status: 'error', message: { prompt: ['The prompt field is required.'] } },
    200,
    'invalid-request',
  ],
  ['a missing key', { status: 'error', message: { key: ['The key field is required.'] } }, 200, 'invalid-api-key'],
  [
    'an unreachable source',
    { status: 'error', message: 'Unable to fetch image from provided URL' },
    200,
    'image-not-fetched',
  ],
  [
    'a duplicate',
    {
      status: 'error',
      message: 'Rate limit exceeded',
      tips: 'you are sending same request multiple times, wait for 30 seconds',
    },
    200,
    'duplicate',
  ],
  [
    'a full queue',
    { status: 'error', message: 'Rate limit exceeded. Maximum 5 queued requests allowed.', retry_after: 30 },
    429,
    'rate-limited',
  ],
  [
    'insufficient credits',
    { status: 'error', message: 'Insufficient credits to process' },
    402,
    'insufficient-credits',
  ],
  [
    'a missing plan',
    { status: 'error', message: 'This feature requires a premium subscription' },
    403,
    'plan-required',
  ],
  ['an internal error', { status: 'error', message: 'Internal server error, try later' }, 500, 'unavailable'],
  ['an internal error with HTTP 200', { status: 'error', message: 'Internal server error' }, 200, 'unavailable'],
  ['maintenance', { status: 'error', message: 'Service temporarily unavailable' }, 503, 'unavailable'],
  [
    'a failed generation',
    { status: 'failed', id: '', message: 'Failed, Try Again', output: '' },
    200,
    'generation-failed',
  ],
  ['an unknown id', { status: 'failed', id: '', message: 'Request not found', output: '' }, 200, 'not-found'],
  ['any other error', { status: 'error', message: 'The moon is full' }, 200, 'refused'],
];
test.each(refusals)('recognizes %s', (_name, body, status, reason) => {
  expect(normalizeResponse({ status, body: JSON.stringify(body) })).toMatchObject({ kind: 'refused', reason });
});

test('keeps the message, the field and the delay of a refusal', () => {
  expect(at200({ status: 'error', message: { init_image: ['Bad.', 'Worse.'], seed: ['No.'] } })).toMatchObject({
    message: 'Bad. Worse. No.',
    field: 'init_image',
  });
  expect(at200({ status: 'error', message: 'Rate limit exceeded', retry_after: '12' })).toMatchObject({
    retryAfter: 12,
  });
  expect(normalizeResponse({ status: 429, body: 'slow down', retryAfter: 7 })).toMatchObject({
    reason: 'rate-limited',
    retryAfter: 7,
  });
});

test('prefers the status of the body to the HTTP status', () => {
  const body = JSON.stringify({ status: 'success', output: ['https://cdn.example/a.png'] });
  expect(normalizeResponse({ status: 500, body }).kind).toBe('success');
});

test('classifies unreadable responses', () => {
  const responseTo = (status: number, body: string) => normalizeResponse({ status, body });
  expect(responseTo(502, '<html>Bad gateway</html>')).toMatchObject({ kind: 'unreadable', problem: 'html' });
  expect(responseTo(200, '{"status":"succ')).toMatchObject({ kind: 'unreadable', problem: 'cut' });
  expect(responseTo(200, '')).toMatchObject({ kind: 'unreadable', problem: 'empty' });
  for (const body of ['[]', '3', 'null', '"ok"', '{}', '{"status":7}', '{"status":"dancing"}']) {
    expect(responseTo(200, body)).toMatchObject({ kind: 'unreadable', problem: 'shape' });
  }
});

test('never throws, and reports success only for a successful status', () => {
  const field = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('success', 'processing', 'error', 'failed', '', 'https://a.example/b.png'),
  );
  const keys = [
    'status',
    'id',
    'output',
    'link',
    'message',
    'messege',
    'tip',
    'eta',
    'fetch_result',
    'retry_after',
    '__proto__',
  ];
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(fc.constantFrom(...keys), field).map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(body, fc.integer({ min: 100, max: 599 }), (text, status) => {
      const response = normalizeResponse({ status, body: text });
      expect(['success', 'processing', 'refused', 'unreadable']).toContain(response.kind);
      if (response.kind === 'success') {
        expect(text.toLowerCase()).toMatch(/success|ready|https?:/);
        for (const link of response.links) expect(URL.canParse(link)).toBe(true);
      }
      if (response.kind === 'processing' || response.kind === 'success') {
        if (response.eta !== undefined) expect(response.eta).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 500 },
  );
});

test('handles a huge message quickly', () => {
  const message = 'not enough requires upgrade api key '.repeat(40_000);
  const begun = performance.now();
  at200({ status: 'error', message });
  expect(performance.now() - begun).toBeLessThan(2_000);
});

test('redacts keys and signatures in messages and limits their length', () => {
  const message = redactMessage(
    'Key k3y/secret is bad: https://a.example/x.png?X-Amz-Signature=abc\nnext',
    'k3y/secret',
  );
  expect(message).toBe('Key … is bad: https://a.example/x.png next');
  expect(redactMessage(`k%2F1 ${'x'.repeat(900)}`, 'k/1')).toMatch(/^… x{297}…$/);
});
