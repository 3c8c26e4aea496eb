import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Draft, type DraftImage, emptyDraft } from '../../src/mix/draft.ts';
import type { EngineView } from '../../src/protocol/contract.ts';
import { panelStrings } from '../../src/protocol/panelStrings.ts';
import { sizeOfImage } from '../../src/webview/model/aspectRatios.ts';
import { changeImage, moveImage, removeImage, scaleWeights, weightShares } from '../../src/webview/model/draftEdits.ts';
import { PanelModel } from '../../src/webview/model/panelModel.ts';
import { namesFromPaths } from '../../src/webview/model/pathNames.ts';
import { createSay } from '../../src/webview/model/say.ts';
import { UndoHistory } from '../../src/webview/model/undoHistory.ts';

const say = createSay(panelStrings, 'en');
const local: EngineView = {
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
  ignores: ['prompt', 'negativePrompt', 'steps'],
};
const hosted: EngineView = { ...local, name: 'hosted', maxImages: 5, maxSide: 1024, needsPrompt: true, ignores: [] };

const image = (id: string, weight: number | string = 0.5, enabled = true): DraftImage => ({
  id,
  uri: `file:///work/${id}.png`,
  path: `${id}.png`,
  weight,
  enabled,
});

function panelWith(draft: Partial<Draft>, engine = local): PanelModel {
  const present = { ...emptyDraft, ...draft };
  return new PanelModel(say, new UndoHistory({ past: [], present, future: [] }), { engine, jobs: [], results: [] });
}

test('one result is compared with the preview, two with each other, and deleted ones are removed', () => {
  const panel = panelWith({});
  const results = ['a', 'b', 'c'].map((id) => ({
    id,
    uri: `file:///work/mixes/${id}.png`,
    path: `mixes/${id}.png`,
    createdAt: 0,
    engine: 'local' as const,
    seed: 1,
    prompt: '',
    width: 64,
    height: 64,
  }));
  panel.setResults(results);
  const after = (id: string) => {
    panel.toggleCompared(id);
    return panel.compared;
  };
  expect(after('a')).toEqual(['a']);
  expect(after('b')).toEqual(['a', 'b']);
  expect(after('c')).toEqual(['a', 'c']);
  expect(after('a')).toEqual(['c']);
  panel.setResults(results.slice(0, 2));
  expect(panel.compared).toEqual([]);
});

test('the sides of a result are limited by the engine', () => {
  const draft = { width: 2000, height: 4096, prompt: 'a', images: [image('a')] };
  expect([...panelWith(draft).issues]).toEqual([]);
  const panel = panelWith(draft, hosted);
  expect([...panel.issues]).toEqual([['width', 'Enter a whole number from 64 to 1024.']]);
  panel.setEngine(local);
  expect([...panel.issues]).toEqual([]);
  expect([...panelWith({ ...draft, width: 5000 }, hosted).issues]).toEqual([
    ['width', 'Enter a whole number from 64 to 1024.'],
  ]);
});

test.each([
  ['as it is', { width: 1500, height: 1000 }, 1, local, { width: 1500, height: 1000 }],
  ['twice', { width: 1500, height: 1000 }, 2, local, { width: 3000, height: 2000 }],
  ['down to the longest side', { width: 1500, height: 1000 }, 4, local, { width: 4096, height: 2731 }],
  ['down for the hosted engine', { width: 1500, height: 1000 }, 1, hosted, { width: 1024, height: 683 }],
  ['up to the shortest side', { width: 32, height: 16 }, 1, local, { width: 128, height: 64 }],
  ['a narrow strip', { width: 10_000, height: 10 }, 1, local, { width: 4096, height: 64 }],
])("the first image's size %s", (_, size, factor, engine, expected) => {
  expect(sizeOfImage(size, factor, engine)).toEqual(expected);
});

test('a value out of range is reported at its field', () => {
  const panel = panelWith({ width: 5000, seed: 'abc', steps: 0, images: [image('a', 'x'), image('b', -1)] });
  expect([...panel.issues]).toEqual([
    ['weight:a', 'Enter a number from 0 to 1.'],
    ['weight:b', 'Enter a number from 0 to 1.'],
    ['width', 'Enter a whole number from 64 to 4096.'],
    ['steps', "Enter a whole number that's at least 1."],
    ['seed', 'Enter a whole number from 0 to 4,294,967,295.'],
  ]);
});

test('the limits of the engine are checked again when the engine changes', () => {
  const panel = panelWith({ images: ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => image(id)) });
  expect(panel.issues.size).toBe(0);
  panel.setEngine(hosted);
  expect(panel.issues.get('images')).toContain('takes at most 5.');
  panel.edit((draft) => removeImage(draft, 'a'));
  expect(panel.issues.get('prompt')).toBe('The hosted engine needs a prompt.');
});

test('a draft without images has no issue; one with all images off or without weight has', () => {
  expect(panelWith({ images: [] }).issues.size).toBe(0);
  expect(panelWith({ images: [image('a', 0.5, false)] }).issues.get('images')).toBe('Turn on at least one image.');
  expect(panelWith({ images: [image('a', 0)] }).issues.get('images')).toContain('a weight above 0');
});

test('a problem stays with its image when the image moves, and is dropped with it', () => {
  const panel = panelWith({ images: [image('a'), image('b')] });
  panel.reportProblems([{ code: 'unreadable-image', message: 'cut off', field: 'images.1' }]);
  panel.edit((draft) => moveImage(draft, 'b', 0));
  panel.edit((draft) => changeImage(draft, 'b', { weight: 0.1 }));
  expect(panel.problems.get('image:b')).toBe('cut off');
  panel.edit((draft) => removeImage(draft, 'b'));
  expect(panel.problems.size).toBe(0);
});

test('a failed job marks the image it was submitted with, even if the image has moved', () => {
  const panel = panelWith({ images: [image('a'), image('b')] });
  panel.rememberSubmission('job', panel.draft);
  panel.edit((draft) => moveImage(draft, 'b', 0));
  const failed = {
    id: 'job',
    name: 'a and b',
    engine: 'local',
    state: 'failed',
    fixes: [],
    canCheckAgain: false,
  } as const;
  panel.setJob({ ...failed, progress: { stage: 'reading' }, message: 'cut off', field: 'images.1' });
  expect([...panel.problems]).toEqual([['image:b', 'cut off']]);
});

test('a problem without a field, or of a removed image, becomes one message', () => {
  const panel = panelWith({});
  const problem = { code: 'network', message: 'offline', field: 'images.7' };
  panel.reportProblems([problem]);
  panel.reportProblems([problem]);
  expect(panel.messages.map(({ text }) => text)).toEqual(['offline']);
  for (const message of panel.messages) panel.dismissMessage(message);
  expect(panel.messages).toEqual([]);
});

test('images that start a new mix leave the earlier one in the undo history', () => {
  const panel = panelWith({ prompt: 'rose man', images: [image('a')] });
  panel.addImages([image('b'), image('b')], true);
  expect(panel.draft.images.map(({ id }) => id)).toEqual(['b', 'b-2']);
  expect(panel.draft.prompt).toBe('');
  panel.undo();
  expect(panel.draft.images.map(({ id }) => id)).toEqual(['a']);
  expect(panel.draft.prompt).toBe('rose man');
});

test('shares count enabled images only, and scaling keeps them', () => {
  const draft = {
    ...emptyDraft,
    images: [image('a', 0.125), image('b', 0.375), image('c', 1, false), image('d', 'x')],
  };
  expect(weightShares(draft)).toEqual([0.25, 0.75, 0, 0]);
  const scaled = scaleWeights(draft);
  expect(scaled.images.map(({ weight }) => weight)).toEqual([0.25, 0.75, 1, 'x']);
});

test('scaled weights sum to 1, and none becomes 0', () => {
  const scaled = (...weights: number[]) =>
    scaleWeights({ ...emptyDraft, images: weights.map((weight, at) => image(String(at), weight)) }).images.map(
      ({ weight }) => weight,
    );
  expect(scaled(0.5, 0.5, 0.5)).toEqual([0.34, 0.33, 0.33]);
  expect(scaled(1, 0.001, 0.001)).toEqual([0.98, 0.01, 0.01]);
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 1, maxLength: 10 }),
      (weights) => {
        const hundredths = scaled(...weights).map((weight) => Math.round(Number(weight) * 100));
        expect(hundredths.reduce((sum, value) => sum + value, 0)).toBe(100);
        expect(Math.min(...hundredths)).toBeGreaterThanOrEqual(1);
      },
    ),
  );
});

test('names are unique file names, also of URLs', () => {
  expect(
    namesFromPaths(['a/rose.png', 'b/rose.png', 'https://example.com/p/boy.png?sig=1', 'me.png', 'me.png']),
  ).toEqual(['a/rose.png', 'b/rose.png', 'boy.png', 'me.png', 'me.png (2)']);
});

test('a random seed stays until the same draft is mixed again', () => {
  const model = panelWith({ images: [image('a')] });
  const shown = model.randomSeed;
  expect(model.seedForMix()).toBe(shown);
  expect(model.randomSeed).toBe(shown);
  const second = model.seedForMix();
  expect(second).not.toBe(shown);
  model.edit((draft) => ({ ...draft, prompt: 'rose man' }));
  expect(model.seedForMix()).toBe(second);
});
