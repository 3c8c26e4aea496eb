import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UndoHistory } from '../../src/webview/model/undoHistory.ts';

const start = () => new UndoHistory<number>({ past: [], present: 0, future: [] }, 50);

test('undoing and redoing every step restores the last value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer(), fc.constantFrom('a', 'b', undefined)), { maxLength: 40 }),
      (changes) => {
        const history = start();
        for (const [value, key] of changes) history.change(value, key);
        const last = history.present;
        while (history.undo());
        expect(history.present).toBe(0);
        while (history.redo());
        expect(history.present).toBe(last);
      },
    ),
  );
});

test('consecutive changes with the same key form one step, until the step is ended', () => {
  const history = start();
  history.change(1, 'weight');
  history.change(2, 'weight');
  history.change(3, 'prompt');
  history.endStep();
  history.change(4, 'prompt');
  history.undo();
  expect(history.present).toBe(3);
  history.undo();
  expect(history.present).toBe(2);
  history.undo();
  expect(history.present).toBe(0);
});

test('a change after an undo drops the redo steps', () => {
  const history = start();
  history.change(1);
  history.undo();
  history.change(2);
  expect(history.redo()).toBe(false);
  expect(history.snapshot()).toEqual({ past: [0], present: 2, future: [] });
});

test('beyond the limit the oldest steps are dropped', () => {
  const history = new UndoHistory<number>({ past: [], present: 0, future: [] }, 3);
  for (const value of [1, 2, 3, 4, 5]) history.change(value);
  expect(history.snapshot().past).toEqual([2, 3, 4]);
});
