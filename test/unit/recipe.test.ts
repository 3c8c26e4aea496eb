import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MixFailure } from '../../src/mix/failure.ts';
import { limitsOf } from '../../src/mix/limits.ts';
import { parseRecipe, prepareRecipe, recipeIssues, seedOfSample } from '../../src/mix/recipe.ts';

const two = [{ source: 'a.png', weight: 0.3 }, { source: 'b.png' }];
const local = limitsOf('local', 'v5');
const failureOf = (run: () => unknown): MixFailure => {
  try {
    run();
  } catch (error) {
    if (error instanceof MixFailure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

test('only images are required, and the rest has defaults', () => {
  expect(parseRecipe({ images: two }).recipe).toEqual({
    version: 1,
    images: [
      { source: 'a.png', weight: 0.3, enabled: true },
      { source: 'b.png', weight: 0.5, enabled: true },
    ],
    prompt: '',
    negativePrompt: '',
    width: 768,
    height: 768,
    steps: 30,
    guidanceScale: 7.5,
    seed: null,
    samples: 1,
    webhook: null,
    trackId: null,
    model: null,
  });
});

test.each([
  ['weight', { images: [{ source: 'a.png', weight: -1 }] }, 'images.0.weight', 'out-of-range'],
  ['weight as text', { images: [{ source: 'a.png', weight: 'x' }] }, 'images.0.weight', 'out-of-range'],
  ['width', { images: two, width: 5000 }, 'width', 'out-of-range'],
  ['height', { images: two, height: 64.5 }, 'height', 'out-of-range'],
  ['samples', { images: two, samples: 5 }, 'samples', 'out-of-range'],
  ['guidance scale', { images: two, guidanceScale: 0 }, 'guidanceScale', 'out-of-range'],
  ['steps', { images: two, steps: 0 }, 'steps', 'out-of-range'],
  ['seed', { images: two, seed: 2 ** 32 }, 'seed', 'out-of-range'],
  ['seed as text', { images: two, seed: '12a' }, 'seed', 'out-of-range'],
  ['no images', { images: [] }, 'images', 'no-images'],
  ['nothing', undefined, undefined, 'not-a-recipe'],
  ['webhook', { images: two, webhook: 'http://example.com' }, 'webhook', 'bad-value'],
])('%s out of range names its field', (_, json, field, reason) => {
  const failure = failureOf(() => parseRecipe(json));
  expect(failure).toMatchObject({ key: `invalid-recipe/${reason}`, field });
});

test('a seed is a number or its digits, and a recipe keeps unknown keys', () => {
  const { recipe, notices } = parseRecipe({ images: [{ source: 'a.png', note: 1 }], seed: '12345', mood: 'blue' });
  expect(recipe).toMatchObject({ seed: 12345, mood: 'blue', images: [{ note: 1 }] });
  expect(notices).toEqual([
    { code: 'unknown-key', args: { key: 'mood' } },
    { code: 'unknown-key', args: { key: 'note' } },
  ]);
});

test('every invalid field is reported, not only the first', () => {
  const issues = recipeIssues({ images: [{ source: 'a.png', weight: 'x' }], width: 5000, samples: 9 });
  expect(issues.map(({ field }) => field)).toEqual(['images.0.weight', 'width', 'samples']);
});

test.each([
  ['all weights 0', { images: [{ source: 'a', weight: 0 }] }, 'no-weight'],
  ['all off', { images: [{ source: 'a', enabled: false }] }, 'nothing-enabled'],
  ['11 images', { images: Array.from({ length: 11 }, () => ({ source: 'a' })) }, 'too-many-images'],
])('%s can not run', (_, json, reason) => {
  const { recipe } = parseRecipe(json);
  expect(failureOf(() => prepareRecipe(recipe, local, () => 1))).toMatchObject({ key: `invalid-recipe/${reason}` });
});

test('the hosted engine needs a prompt, takes fewer images, and gives a notice about too many steps', () => {
  const v6 = limitsOf('hosted', 'v6');
  const { recipe } = parseRecipe({ images: two, steps: 100 });
  expect(failureOf(() => prepareRecipe(recipe, v6, () => 1)).key).toBe('invalid-recipe/prompt-required');
  const prepared = prepareRecipe({ ...recipe, prompt: 'rose man' }, v6, () => 7);
  expect(prepared.recipe).toMatchObject({ seed: 7, steps: 100 });
  expect(prepared.notices).toEqual([
    { code: 'ignored', args: { part: 'weights' } },
    { code: 'steps-over-limit', args: { value: 100, max: 50 } },
  ]);
});

test('sides reach 4096 pixels with the local engine and 1024 with the hosted one', () => {
  const { recipe } = parseRecipe({ images: two, prompt: 'rose man', width: 1024, height: 4096 });
  expect(prepareRecipe(recipe, local, () => 1).recipe).toMatchObject({ width: 1024, height: 4096 });
  for (const dialect of ['v5', 'v6'] as const) {
    expect(failureOf(() => prepareRecipe(recipe, limitsOf('hosted', dialect), () => 1))).toMatchObject({
      key: 'invalid-recipe/side-over-limit',
      field: 'height',
      args: { field: 'height', value: 4096, max: 1024 },
    });
  }
  expect(failureOf(() => parseRecipe({ images: two, width: 4097 }))).toMatchObject({ field: 'width' });
});

test('any JSON is a recipe or a typed failure, and a recipe reads back as itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      try {
        parseRecipe(json);
      } catch (error) {
        expect(error).toBeInstanceOf(MixFailure);
      }
    }),
  );
  const recipe = fc.record({
    images: fc.array(
      fc.record({ source: fc.string({ minLength: 1 }), weight: fc.double({ min: 0, max: 1, noNaN: true }) }),
      {
        minLength: 1,
      },
    ),
    width: fc.integer({ min: 64, max: 4096 }),
    seed: fc.option(fc.nat(2 ** 32 - 1)),
    prompt: fc.string(),
  });
  fc.assert(
    fc.property(recipe, (json) => {
      const once = parseRecipe(json).recipe;
      expect(parseRecipe(JSON.parse(JSON.stringify(once))).recipe).toEqual(JSON.parse(JSON.stringify(once)));
    }),
  );
});

test('seeds of samples count up and wrap', () => {
  expect([0, 1, 2].map((index) => seedOfSample(2 ** 32 - 2, index))).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0]);
});
