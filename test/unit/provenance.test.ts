import { expect, test } from 'vitest';
import { createProvenance, recipeOfProvenance } from '../../src/mix/provenance.ts';
import { parseRecipe, type RunnableRecipe } from '../../src/mix/recipe.ts';

const recipeWith = (json: object): RunnableRecipe => ({
  ...parseRecipe({ images: [{ source: 'refs/rose.jpg' }], ...json }).recipe,
  seed: 12345,
});
const made = { engine: 'local', engineVersion: '1.0.0', seed: 12346 } as const;
const sourcesOf = (...sources: string[]) =>
  createProvenance(recipeWith({ images: sources.map((source) => ({ source })) }), made).recipe.images;

test('contains the recipe as run, the engine and the id', () => {
  const { recipe, parameters } = createProvenance(
    recipeWith({
      prompt: 'rose man',
      negativePrompt: 'A polluted city',
      width: 800,
      height: 600,
      steps: 50,
      guidanceScale: 10,
    }),
    { ...made, engine: 'hosted', serviceId: '349' },
  );
  expect(recipe).toMatchObject({
    version: 1,
    prompt: 'rose man',
    seed: 12345,
    engine: 'hosted',
    engineVersion: '1.0.0',
    id: '349',
  });
  expect(parameters).toBe(
    'rose man\nNegative prompt: A polluted city\nSteps: 50, CFG scale: 10, Seed: 12346, Size: 800x600',
  );
});

test("doesn't contain keys, webhooks or absolute paths", () => {
  const { recipe } = createProvenance(
    recipeWith({
      prompt: '/a prompt is no path',
      webhook: 'https://example.com/hook',
      key: 'secret',
      notes: { apiKey: 'secret', from: '/home/me/refs', kept: ['yes'] },
    }),
    made,
  );
  expect(recipe).toMatchObject({ prompt: '/a prompt is no path', notes: { from: 'refs', kept: ['yes'] } });
  expect(JSON.stringify(recipe)).not.toMatch(/secret|webhook|home/);
  expect(
    sourcesOf('/home/me/a.png', 'C:\\Users\\me\\b.png', 'file:///home/me/c.png', '\\\\host\\d.png', '../e.png'),
  ).toMatchObject(['a.png', 'b.png', 'c.png', 'd.png', '../e.png'].map((source) => ({ source })));
});

test.each([
  ['https://a.example/i?id=7&size=large', 'https://a.example/i?id=7&size=large'],
  ['https://a.example/i.png?X-Amz-Signature=abc&X-Amz-Expires=60', 'https://a.example/i.png'],
  ['https://a.example/i.png?size=large&token=abc', 'https://a.example/i.png'],
  ['https://a.example/i.png?Expires=1&Key-Pair-Id=2', 'https://a.example/i.png'],
  ['https://a.example/i.png?sv=2024&se=2025&sig=abc', 'https://a.example/i.png'],
  ['https://a.example/i.png?t=eyJhbGciOiJ.eyJzdWIiOiJ.x', 'https://a.example/i.png'],
  ['https://me:word@a.example/i.png?id=7#part', 'https://a.example/i.png?id=7'],
])('the URL %s goes out as %s', (source, expected) => {
  expect(sourcesOf(source)).toMatchObject([{ source: expected }]);
});

test("a recipe read from a result doesn't keep how that was made", () => {
  const first = createProvenance(recipeWith({}), { ...made, engine: 'hosted', serviceId: '349' }).recipe;
  const again = createProvenance(recipeWith(first), made).recipe;
  expect(again).toMatchObject({ engine: 'local' });
  expect(again).not.toHaveProperty('id');
  expect(recipeOfProvenance(first)).not.toHaveProperty('engine');
});

test('names the model that was used and how the images were weighed, and both can be run again', () => {
  const comfyui = { preset: 'PLUS (high strength)', imageStrength: 0.8 };
  const info = { ...made, engine: 'comfyui', model: 'sub/base.safetensors', comfyui } as const;
  const { recipe, parameters } = createProvenance(recipeWith({ model: info.model }), info);
  expect(recipe).toMatchObject({ model: 'sub/base.safetensors', engine: 'comfyui', comfyui });
  expect(parameters).toMatch(/Size: 768x768, Model: sub\/base\.safetensors$/);
  expect(parseRecipe(recipeOfProvenance(recipe)).notices).toEqual([]);
  // A comma would end the value for the tools that read it, and a model that the engine ignored made nothing.
  expect(createProvenance(recipeWith({}), { ...info, model: 'a, b.ckpt' }).parameters).toMatch(/Model: "a, b\.ckpt"$/);
  expect(createProvenance(recipeWith({ model: 'base' }), made).parameters).not.toContain('Model');
});
