import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exampleWorkflow } from '../../src/engines/comfyui/exampleWorkflow.ts';
import { type GraphMix, graphSchema } from '../../src/engines/comfyui/graph.ts';
import { maxWorkflowBytes, parseWorkflow, type Workflow } from '../../src/engines/comfyui/workflow.ts';
import { bindWorkflow } from '../../src/engines/comfyui/workflowBinding.ts';
import { parseTitle } from '../../src/engines/comfyui/workflowTitle.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { validate } from '../comfyui/validation.ts';
import { adapterPlan, anyMix, frozen, infosOf, shelf } from './support/comfyuiGraphs.ts';

const infos = infosOf(shelf({}));
const mix: GraphMix = {
  images: [
    { file: 'a.png', strength: 0.6 },
    { file: 'mix/b.png', strength: 0.2 },
  ],
  prompt: 'rose',
  negativePrompt: 'fog',
  width: 100,
  height: 200,
  steps: 12,
  guidanceScale: 5.5,
  seed: 7,
};

const node = (class_type: string, title: string, inputs: Record<string, unknown> = {}) => ({
  class_type,
  inputs,
  _meta: { title },
});
const load = (title: string) => node('LoadImage', title, { image: 'example.png' });
const weight = (title: string, inputs: Record<string, unknown> = { image_weight: 1 }) =>
  node('IPAdapterRegionalConditioning', title, inputs);
const output = node('SaveImage', 'Save Image', { images: ['1', 0] });
/** The smallest workflow, with more nodes. */
const workflowOf = (...nodes: object[]) =>
  JSON.stringify({ ...Object.fromEntries([load('mix:image'), output, ...nodes].entries()) });
const parse = (text: string): Workflow => frozen(parseWorkflow(text, 'mine.json'));
const bind = (text: string, some = mix) => bindWorkflow(parse(text), some, infos);
const single = { ...mix, images: mix.images.slice(0, 1) };

/** The key and values of the failure that a call throws. */
function failureOf(call: () => unknown): { key: string; args: object; field: string | undefined } | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    return { key: error.key, args: error.args, field: error.field };
  }
}

describe('a workflow file', () => {
  test('is read, with a byte order mark too', () => {
    const workflow = parse(`\uFEFF${workflowOf()}`);
    expect(workflow).toEqual({ name: 'mine.json', graph: JSON.parse(workflowOf()) });
  });

  test.each([
    ['', 'no-json'],
    ['{ "1": ', 'no-json'],
    ['[]', 'shape'],
    ['{}', 'shape'],
    ['"mix:image"', 'shape'],
    ['{ "1": { "inputs": {} } }', 'shape'],
    [`{ "prompt": ${workflowOf()} }`, 'shape'],
    [JSON.stringify({ last_node_id: 9, nodes: [], links: [], version: 0.4 }), 'editor-format'],
    [`{ "1": { "class_type": "A", "inputs": { "a": ${'['.repeat(90_000)}${']'.repeat(90_000)} } } }`, 'shape'],
    [' '.repeat(maxWorkflowBytes + 1), 'too-large'],
    ['{ "1": { "class_type": "SaveImage", "inputs": {} } }', 'no-image'],
    [workflowOf(load('mix:image 3')), 'no-image'],
    [workflowOf(weight('mix:weight 2')), 'no-image'],
    [workflowOf(load('mix:picture')), 'title'],
    [workflowOf(load('mix:image 0')), 'title'],
    [workflowOf(load('mix:image 11')), 'title'],
    [workflowOf(load('mix:image 1 *0.5')), 'title'],
    [workflowOf(load('mix:prompt 2')), 'title'],
    [workflowOf(weight('mix:weight 1 *-1')), 'title'],
    [workflowOf(node('KSampler', 'mix:seed and more', { seed: 1 })), 'title'],
    [workflowOf(node('PrepImageForClipVision', 'mix:image', { image: ['0', 0] })), 'input'],
    [workflowOf(node('KSampler', 'mix:prompt', { seed: 1 })), 'input'],
    [workflowOf(node('EmptyLatentImage', 'mix:size', { width: 1 })), 'input'],
  ])("that can't be used is refused: %.60s", (text, reason) => {
    expect(failureOf(() => parse(text))?.key).toBe(`invalid-recipe/workflow-${reason}`);
  });

  test('of any content is either read completely or refused', () => {
    const twoImages = workflowOf(load('mix:image 2'), weight('mix:weight 2'));
    const ids = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'toString', '0'));
    const constant = fc.oneof(fc.string(), fc.double(), fc.tuple(ids, fc.nat()), fc.jsonValue());
    const classes = fc.constantFrom('LoadImage', 'SaveImage', 'KSampler', '__proto__', 'constructor');
    const words = ['mix:', 'image', 'weight', 'seed', 'prompt', 'output', ' ', ',', '*', '.5', '1', '2', '10'];
    const madeTitle = fc.array(fc.constantFrom(...words), { maxLength: 8 }).map((parts) => parts.join(''));
    const goodTitle = fc.constantFrom(
      ...[
        'mix:image 2',
        'mix:weight *.5',
        'mix:weight 2',
        'mix:seed mix:steps',
        'mix:prompt',
        'mix:size',
        'mix:output',
        '',
      ],
    );
    const names = ['image', 'text', 'seed', 'steps', 'cfg', 'width', 'height', 'weight'];
    const someInputs = fc.dictionary(
      fc.oneof(fc.constantFrom('__proto__', 'constructor', ...names), fc.string()),
      constant,
    );
    const allInputs = fc.tuple(constant, fc.string()).map(([value, image]) => ({
      ...Object.fromEntries(names.map((name) => [name, value])),
      image,
    }));
    const nodes = (title: fc.Arbitrary<string>, inputs: fc.Arbitrary<object>) =>
      fc.dictionary(ids, fc.record({ class_type: classes, inputs, _meta: fc.record({ title }) }));
    const json = fc
      .oneof(
        { weight: 1, arbitrary: fc.jsonValue() },
        { weight: 2, arbitrary: nodes(fc.oneof(fc.string(), madeTitle), someInputs) },
        { weight: 4, arbitrary: nodes(goodTitle, allInputs).map((more) => ({ ...more, ...JSON.parse(twoImages) })) },
      )
      .map((value) => JSON.stringify(value));
    let [read, bound] = [0, 0];
    fc.assert(
      fc.property(
        fc.oneof({ weight: 1, arbitrary: fc.string() }, { weight: 4, arbitrary: json }),
        anyMix(),
        (text, some) => {
          const failure = failureOf(() => {
            const { graph } = parse(text);
            read++;
            expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
            const result = bind(text, { ...some, images: some.images.slice(0, 2) });
            bound++;
            expect(Object.keys(result.graph)).toEqual(Object.keys(graph));
            expect(Object.hasOwn(result.graph, result.output)).toBe(true);
          });
          if (failure) expect(failure.key).toMatch(/^invalid-recipe\/workflow-/);
        },
      ),
      { numRuns: 1000 },
    );
    expect(read).toBeGreaterThan(100);
    expect(bound).toBeGreaterThan(30);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('keeps nothing of a node or an input that is called __proto__', () => {
    const text = workflowOf().replace('{', '{ "__proto__": { "class_type": "A", "inputs": {} }, ');
    expect(Object.keys(parse(text).graph)).toEqual(Object.keys(JSON.parse(workflowOf())));
    expect(Object.getPrototypeOf(parse(text).graph)).toBe(Object.prototype);
  });
});

describe('a title', () => {
  test.each([
    ['Load Image', []],
    ['remix:image', []],
    ['mix:image', [{ kind: 'image', number: 1 }]],
    [' MIX:Image2 ', [{ kind: 'image', number: 2 }]],
    ['mix:weight 10', [{ kind: 'weight', number: 10, factor: 1 }]],
    ['mix:weight 2 *0.8', [{ kind: 'weight', number: 2, factor: 0.8 }]],
    ['mix:weight*.5', [{ kind: 'weight', number: 1, factor: 0.5 }]],
    ['mix:seed mix:steps, mix:guidance', [{ kind: 'seed' }, { kind: 'steps' }, { kind: 'guidance' }]],
    ['mix:', undefined],
    [`mix:seed${' '.repeat(1_000_000)}x`, undefined],
  ])('binds: %.40s', (title, bindings) => {
    expect(parseTitle(title)).toEqual(bindings);
  });
});

describe('a workflow bound to a mix', () => {
  const everything = workflowOf(
    weight('mix:weight 1 *0.5'),
    load('mix:image 2'),
    weight('mix:weight 2', { strength: 1, weight: ['1', 0] }),
    node('CLIPTextEncode', 'mix:prompt', { text: ['1', 0] }),
    node('CLIPTextEncode', 'mix:negative', { text: '', clip: ['1', 1] }),
    node('KSamplerAdvanced', 'mix:seed mix:steps mix:guidance', { noise_seed: 1, steps: 1, cfg: 1, denoise: 1 }),
    node('FluxGuidance', 'mix:guidance', { guidance: 1 }),
    node('EmptyLatentImage', 'mix:size', { width: 1, height: 1, batch_size: 1 }),
    node('ImageScale', 'mix:size', { width: 1, height: 1 }),
  );

  test('gets every value, and nothing else changes', () => {
    const { graph, output: found, ignores, notices } = bind(everything);
    const before = graphSchema.parse(JSON.parse(everything));
    const set: Record<string, object> = {
      0: { image: 'a.png' },
      2: { image_weight: 0.3 },
      3: { image: 'mix/b.png' },
      4: { weight: 0.2 },
      5: { text: 'rose' },
      6: { text: 'fog' },
      7: { noise_seed: 7, steps: 12, cfg: 5.5 },
      8: { guidance: 5.5 },
      9: { width: 104, height: 200 },
      10: { width: 100, height: 200 },
    };
    for (const [id, inputs] of Object.entries(set)) Object.assign(before[id]?.inputs ?? {}, inputs);
    expect(graph).toEqual(before);
    expect({ found, ignores, notices }).toEqual({ found: '1', ignores: ['model'], notices: [] });
  });

  test('gets whole cells where a node does not say its step, so that no pixels are cut off', () => {
    const text = workflowOf(node('SizeOfPack', 'mix:size', { width: 1, height: 1 }));
    const side = { required: true, type: 'INT', choices: undefined, min: undefined, max: undefined, step: undefined };
    const info = { inputs: new Map(['width', 'height'].map((name) => [name, side])), isOutput: false };
    const { graph } = bindWorkflow(
      parse(text),
      { ...single, width: 100, height: 200 },
      new Map([...infos, ['SizeOfPack', info]]),
    );
    expect(graph['2']?.inputs).toEqual({ width: 104, height: 200 });
  });

  test('repeats the last image with weight 0 if there are fewer, and refuses more', () => {
    const { graph } = bind(everything, single);
    expect(graph['3']?.inputs.image).toBe('a.png');
    expect(graph['4']?.inputs.weight).toBe(0);
    expect(failureOf(() => bind(workflowOf()))).toMatchObject({
      key: 'invalid-recipe/workflow-too-many-images',
      args: { count: 2, max: 1 },
      field: 'images',
    });
    // Without a weight, a repeated image would count twice.
    expect(failureOf(() => bind(workflowOf(load('mix:image 2')), single))).toMatchObject({
      key: 'invalid-recipe/workflow-too-few-images',
      args: { count: 2, number: 2 },
    });
  });

  test('says which parts of the mix have no effect', () => {
    const parts = ['weights', 'prompt', 'negativePrompt', 'steps', 'guidanceScale', 'seed', 'size'];
    const { ignores, notices } = bind(workflowOf(load('mix:image 2'), weight('mix:weight 1')));
    expect(ignores).toEqual([...parts, 'model']);
    expect(notices.map(({ args }) => args.part)).toEqual(parts);
    expect(notices[2]?.args).toEqual({ file: 'mine.json', title: 'mix:negative', part: 'negativePrompt' });
    const plain = { ...single, prompt: '', negativePrompt: ' ' };
    expect(bind(workflowOf(), plain).notices.map(({ args }) => args.part)).toEqual(parts.slice(3));
  });

  test.each([
    [
      weight('mix:weight', { image_weight: 1 }),
      { images: [{ file: 'a', strength: 3.5 }] },
      { input: 'image_weight', value: 3.5, min: -1, max: 3 },
      undefined,
    ],
    [
      node('KSampler', 'mix:steps', { steps: 1 }),
      { steps: 10_001 },
      { input: 'steps', value: 10_001, min: 1, max: 10_000 },
      'steps',
    ],
    [
      node('ImageScale', 'mix:size', { width: 1, height: 1 }),
      { height: 20_000 },
      { input: 'height', value: 20_000, min: 0, max: 16_384 },
      'height',
    ],
    [
      node('KSampler', 'mix:guidance', { cfg: 1 }),
      { guidanceScale: 101 },
      { input: 'cfg', value: 101, min: 0, max: 100 },
      'guidanceScale',
    ],
  ])("refuses a value that a node can't take: %j", (one, change, args, field) => {
    const text = workflowOf(one);
    expect(bind(text, single).output).toBe('1');
    expect(failureOf(() => bind(text, { ...single, ...change }))).toEqual({
      key: 'invalid-recipe/workflow-range',
      args: { file: 'mine.json', title: one._meta.title, ...args },
      field,
    });
  });

  test('rounds numbers for inputs that take whole ones', () => {
    const strange = new Map([
      ...infos,
      [
        'A',
        {
          inputs: new Map([
            ['strength', { required: true, type: 'INT', choices: undefined, min: undefined, max: 50, step: 5 }],
          ]),
          isOutput: false,
        },
      ],
    ]);
    const workflow = parse(workflowOf(node('A', 'mix:weight *100', { strength: 1 })));
    expect(
      bindWorkflow(workflow, { ...single, images: [{ file: 'a', strength: 0.333 }] }, strange).graph['2']?.inputs
        .strength,
    ).toBe(33);
    expect(failureOf(() => bindWorkflow(workflow, single, strange))?.args).toMatchObject({
      value: 60,
      min: '-∞',
      max: 50,
    });
  });

  test('has one output: the one titled so, or the only one with images', () => {
    const preview = node('PreviewImage', 'mix:output', { images: ['0', 0] });
    expect(bind(workflowOf(preview), single).output).toBe('2');
    const other = node('PreviewImage', 'Preview', { images: ['0', 0] });
    expect(failureOf(() => bind(workflowOf(other), single))).toMatchObject({
      key: 'invalid-recipe/workflow-output',
      args: { count: 2 },
    });
    const none = workflowOf().replace('SaveImage', 'SaveText');
    expect(failureOf(() => bind(none, single))).toMatchObject({
      key: 'invalid-recipe/workflow-output',
      args: { count: 0 },
    });
    const decode = node('VAEDecode', 'mix:output', { samples: ['0', 0] });
    expect(failureOf(() => bind(workflowOf(decode), single))).toMatchObject({
      key: 'invalid-recipe/workflow-no-output',
    });
  });

  test('is accepted by a server if it is the example, whatever the mix', () => {
    fc.assert(
      fc.property(anyMix(), fc.integer({ min: 0, max: 9 }), (some, more) => {
        const nodes = Math.min(10, some.images.length + more);
        const bound = bindWorkflow(parse(exampleWorkflow(adapterPlan, nodes)), some, infos);
        expect(validate(bound.graph, shelf({}))).toEqual({ error: undefined, outputs: ['result'], nodeErrors: {} });
      }),
    );
  });

  test('is accepted by a server if it is the one in the documentation', async () => {
    const [, text = ''] = /```json\n(.+?)```/s.exec(await readFile('docs/comfyui-workflows.md', 'utf8')) ?? [];
    const { graph, output: found, notices } = bind(text, single);
    expect(notices).toEqual([]);
    expect(validate(graph, shelf({}))).toEqual({ error: undefined, outputs: [found], nodeErrors: {} });
  });
});
