import { expect, test } from 'vitest';
import { Messages, sentences } from '../../src/app/messages/messages.ts';
import { displayNames } from '../../src/mix/displayNames.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { failureFromRecord, recordFailure } from '../../src/mix/failureRecord.ts';
import { type FailureKey, failureCodes, failureTable, isFailureKey } from '../../src/mix/failureTable.ts';
import { makeNotice } from '../../src/mix/notice.ts';
import { fillPlaceholders } from '../../src/mix/sentence.ts';

const keys = Object.keys(failureTable).filter(isFailureKey);

test('each failure of the table has a code, becomes a sentence, and survives being recorded', () => {
  for (const key of keys) {
    const names = [...failureTable[key].matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const failure = new MixFailure<FailureKey>(key, {
      args: Object.fromEntries(names.map((name) => [name, `<${name}>`])),
    });
    expect(failureCodes).toContain(failure.code);
    expect(key.startsWith(failure.code)).toBe(true);
    expect(new Messages().failure(failure)).not.toMatch(/[{}]/);
    expect(failureFromRecord(recordFailure(failure))).toEqual(failure);
  }
});

test("a recorded failure with a reason that this version doesn't know keeps its code", () => {
  const failure = failureFromRecord({ code: 'interrupted', reason: 'from-the-future', args: {}, retryable: false });
  expect(failure.key).toBe('interrupted');
});

test('a failure names the image, and fields by their label', () => {
  const messages = new Messages();
  const failure = new MixFailure('unreadable-image/truncated').forImage(1, 'boy.jpg');
  expect(messages.failure(failure)).toMatch(/^boy\.jpg: /);
  expect(messages.problem(failure)).toMatchObject({ code: 'unreadable-image', field: 'images.1' });
  const range = new MixFailure('invalid-recipe/out-of-range', {
    args: { field: 'guidanceScale', value: 99, min: 1, max: 20 },
  });
  expect(messages.failure(range)).toMatch(/^Guidance scale .*99.* 1 .*20/);
});

test('an unexpected error is logged, and its message is shown', () => {
  const logged: unknown[] = [];
  const messages = new Messages(undefined, (error) => logged.push(error));
  const error = new TypeError('x is not a function');
  expect(messages.problem(error)).toMatchObject({
    code: 'unexpected',
    message: expect.stringContaining(error.message),
  });
  expect(messages.failedOutcome(error, 'local')).toMatchObject({
    status: 'failed',
    error: { code: 'invalid-request' },
  });
  expect(logged).toEqual([error, error]);
  expect(messages.failure('thrown as a text')).toContain('thrown as a text');
});

test('sentences are translated before their placeholders are filled in, labels too', () => {
  const messages = new Messages((sentence) =>
    sentence.toUpperCase().replaceAll(/\{\w+\}/g, (name) => name.toLowerCase()),
  );
  expect(messages.notice(makeNotice('ignored', { part: 'negativePrompt' }))).toContain('NEGATIVE PROMPT');
  expect(messages.panelStrings()['panel.mix']).toBe('MIX');
  expect(messages.notice({ code: 'from-the-future', args: {} })).toBe('from-the-future');
});

test('progress is the stage, the count if there are several, and the remaining time', () => {
  const messages = new Messages();
  expect(messages.progress({ stage: 'mixing' })).toBe(messages.stage('mixing'));
  expect(messages.progress({ stage: 'uploading', done: 1, total: 3, etaSeconds: 4.2 })).toMatch(/· 1 of 3 · .*5/);
});

test('every sentence has balanced placeholders, and none occurs twice', () => {
  expect(sentences.length).toBeGreaterThan(200);
  expect(sentences.filter((sentence) => /[{}]/.test(sentence.replace(/\{\w+\}/g, '')))).toEqual([]);
});

test('names in a list are the shortest that tell them apart', () => {
  expect(displayNames(['a/rose.jpg', 'b/rose.jpg', 'boy.png', 'boy.png'])).toEqual([
    'a/rose.jpg',
    'b/rose.jpg',
    'boy.png',
    'boy.png (2)',
  ]);
});

test('placeholders without a value are kept', () => {
  expect(fillPlaceholders('{a} and {b}', { a: 1 })).toBe('1 and {b}');
});
