import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Draft, type DraftImage, emptyDraft } from '../../src/mix/draft.ts';
import type { EngineView } from '../../src/protocol/contract.ts';
import { panelStrings } from '../../src/protocol/panelStrings.ts';
import { DraftSaver } from '../../src/webview/model/draftSaver.ts';
import { PanelModel } from '../../src/webview/model/panelModel.ts';
import { loadState, startingHistory } from '../../src/webview/model/savedState.ts';
import { createSay } from '../../src/webview/model/say.ts';
import { UndoHistory } from '../../src/webview/model/undoHistory.ts';

const draftOf = (prompt: string, images: readonly DraftImage[] = []): Draft => ({
  ...emptyDraft,
  prompt,
  images: [...images],
});
const image = (name: string): DraftImage => ({
  id: name,
  uri: `file:///${name}`,
  path: name,
  weight: 0.5,
  enabled: true,
});
const engine: EngineView = {
  choice: 'auto',
  name: 'local',
  dialect: 'v5',
  hasKey: false,
  trusted: true,
  maxImages: 10,
  maxSide: 4096,
  needsPrompt: false,
  balance: null,
  comfyui: null,
  ignores: [],
};

describe('at the start', () => {
  const state = (revision: number | undefined) => ({
    version: 1,
    revision,
    past: [draftOf('past')],
    present: draftOf('of the page'),
    future: [draftOf('future')],
  });
  const startWith = (saved: unknown, host: { draft: Draft | null; revision: number }) => {
    const { history, revision } = startingHistory(loadState({ getState: () => saved, setState: () => {} }), host);
    const promptsOf = (drafts: readonly Draft[]) => drafts.map(({ prompt }) => prompt);
    return {
      past: promptsOf(history.past),
      present: history.present.prompt,
      future: promptsOf(history.future),
      revision,
    };
  };
  const host = (revision: number, prompt = 'of the host') => ({ draft: draftOf(prompt), revision });
  const ofThePage = { past: ['past'], present: 'of the page', future: ['future'] };

  test("the host's draft is used if it is newer, and undo restores the page's", () => {
    const expected = { past: ['past', 'of the page'], present: 'of the host', future: [], revision: 8 };
    expect(startWith(state(7), host(8))).toEqual(expected);
  });

  test("the page's draft is used with its history if it is newer or the same", () => {
    expect(startWith(state(9), host(8))).toEqual({ ...ofThePage, revision: 9 });
    expect(startWith(state(8), host(8, 'of the page'))).toEqual({ ...ofThePage, revision: 8 });
  });

  test('of two drafts with the same revision, from two windows, the other one can be restored', () => {
    const expected = { past: ['past', 'of the page'], present: 'of the host', future: [], revision: 8 };
    expect(startWith(state(8), host(8))).toEqual(expected);
  });

  test('a state without a revision, from an earlier version, wins over the examples', () => {
    expect(startWith(state(undefined), host(0))).toEqual({ ...ofThePage, revision: 0 });
  });

  test("a new panel starts with the host's draft, or an empty one", () => {
    expect(startWith(undefined, host(8))).toEqual({ past: [], present: 'of the host', future: [], revision: 8 });
    expect(startWith('damaged', { draft: null, revision: 0 })).toEqual({
      past: [],
      present: '',
      future: [],
      revision: 0,
    });
  });
});

describe('each edit', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function openPanel(revision = 5) {
    const history = new UndoHistory({ past: [draftOf('', [image('old.png')])], present: draftOf('start'), future: [] });
    const model = new PanelModel(createSay(panelStrings, 'en'), history, { engine, jobs: [], results: [], revision });
    const sent: { revision: number; draft: Draft; files: readonly string[] }[] = [];
    let state: unknown;
    const saver = new DraftSaver(
      model,
      {
        getState: () => state,
        setState: (next) => {
          state = next;
        },
      },
      async (draft) => void sent.push(draft),
    );
    const type = (prompt: string) => model.edit((draft) => ({ ...draft, prompt }), 'prompt');
    return { model, sent, saver, type, state: () => loadState({ getState: () => state, setState: () => {} }) };
  }

  test('is sent to the host within 50 ms, with a higher revision', () => {
    const { sent, type } = openPanel();
    type('a');
    expect(sent.map(({ draft, revision }) => [draft.prompt, revision])).toEqual([['a', 6]]);
    type('ab');
    type('abc');
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(50);
    expect(sent.map(({ draft, revision }) => [draft.prompt, revision])).toEqual([
      ['a', 6],
      ['abc', 8],
    ]);
  });

  test('during a long drag is sent all along, not only at its end', () => {
    const { sent, type } = openPanel();
    for (let time = 0; time < 1000; time += 10) {
      type(String(time));
      vi.advanceTimersByTime(10);
    }
    expect(sent.length).toBeGreaterThan(15);
    expect(sent.length).toBeLessThan(30);
  });

  test('is saved in the page with the history and the same revision', () => {
    const { type, model, state } = openPanel();
    type('a');
    expect(state()).toMatchObject({ revision: 6, history: { present: { prompt: 'a' } } });
    model.undo();
    vi.advanceTimersByTime(100);
    expect(state()).toMatchObject({ revision: 7, history: { present: { prompt: 'start' } } });
  });

  test('names the images of the undo history, since their copies are needed', () => {
    const { sent, model } = openPanel();
    model.addImages([image('new.png'), image('old.png')]);
    model.undo();
    vi.advanceTimersByTime(50);
    expect(sent.at(-1)?.files.toSorted()).toEqual(['file:///new.png', 'file:///old.png']);
  });

  test('is sent at once when the page is left', () => {
    const { sent, saver, type, state } = openPanel();
    type('a');
    type('ab');
    saver.flush();
    expect(sent.at(-1)).toMatchObject({ draft: { prompt: 'ab' }, revision: 7 });
    expect(state()).toMatchObject({ revision: 7 });
    vi.advanceTimersByTime(1000);
    expect(sent).toHaveLength(2);
  });
});
