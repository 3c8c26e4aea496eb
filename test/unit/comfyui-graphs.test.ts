import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildAdapterGraph } from '../../src/engines/comfyui/adapterGraph.ts';
import { buildGraph } from '../../src/engines/comfyui/builtInGraph.ts';
import { exampleWorkflow } from '../../src/engines/comfyui/exampleWorkflow.ts';
import {
  type Graph,
  type GraphMix,
  graphOfPrompt,
  type ReduxPlan,
  strengthsOf,
} from '../../src/engines/comfyui/graph.ts';
import { buildReduxGraph } from '../../src/engines/comfyui/reduxGraph.ts';
import { parseWorkflow } from '../../src/engines/comfyui/workflow.ts';
import { bindWorkflow } from '../../src/engines/comfyui/workflowBinding.ts';
import { linkedNodes } from '../comfyui/graph.ts';
import { startComfyUI } from '../comfyui/server.ts';
import { validate } from '../comfyui/validation.ts';
import {
  adapterPlan,
  anyMix,
  anyStrength,
  anyWeights,
  frozen,
  infosOf,
  reduxPlans,
  runGraph,
  shelf,
  uploadInks,
} from './support/comfyuiGraphs.ts';

const anyPlan = fc.constantFrom(adapterPlan, ...reduxPlans);

/** The images that a graph mixes with their strengths, in the order in which they reach the sampler. */
function mixedImages(graph: Graph): { file: unknown; strength: number }[] {
  const inputsOf = (link: unknown) => graph[String(Array.isArray(link) ? link[0] : '')]?.inputs ?? {};
  const fileOf = (link: unknown): unknown => {
    const { image } = inputsOf(link);
    return Array.isArray(image) ? fileOf(image) : image;
  };
  const paramsOf = (link: unknown): { file: unknown; strength: number }[] => {
    const inputs = inputsOf(link);
    if ('image_weight' in inputs) return [{ file: fileOf(inputs.image), strength: Number(inputs.image_weight) }];
    return Object.values(inputs).flatMap(paramsOf);
  };
  const stylesOf = (link: unknown): { file: unknown; strength: number }[] => {
    const { conditioning, clip_vision_output, strength } = inputsOf(link);
    if (conditioning === undefined) return [];
    if (strength === undefined) return stylesOf(conditioning);
    return [
      ...stylesOf(conditioning),
      { file: fileOf(inputsOf(clip_vision_output).image), strength: Number(strength) },
    ];
  };
  const { model, positive } = graph.sampler?.inputs ?? {};
  const { ipadapter_params } = inputsOf(model);
  return ipadapter_params === undefined ? stylesOf(positive) : paramsOf(ipadapter_params);
}

test('the strengths of images are shares of the image strength', () => {
  fc.assert(
    fc.property(anyWeights, anyStrength, (weights, imageStrength) => {
      const strengths = strengthsOf(weights, imageStrength);
      expect(strengths.reduce((total, strength) => total + strength, 0)).toBeCloseTo(imageStrength, 9);
      for (const [i, strength] of strengths.entries()) {
        expect(strength).toBeGreaterThanOrEqual(0);
        if (weights[i] === 0) expect(strength).toBe(0);
      }
    }),
    { examples: [[[5e-324], 1.5]] },
  );
});

describe('any built-in graph', () => {
  test.each(['0.3.64', '0.38.1'])('is accepted by a server of version %s', (version) => {
    fc.assert(
      fc.property(anyPlan, anyMix(), (plan, mix) => {
        const built = buildGraph(plan, mix);
        const graph = graphOfPrompt(built, 'id');
        expect(validate(graph, shelf({ version }))).toEqual({
          error: undefined,
          outputs: [built.output],
          nodeErrors: {},
        });
        // What only nodes use that don't run is left out.
        const used = new Set(Object.values(graph).flatMap(linkedNodes));
        expect(Object.keys(graph).filter((id) => !used.has(id))).toEqual([built.output]);
      }),
    );
  });

  test('mixes exactly the images with a weight, in their order, with their shares of the image strength', () => {
    fc.assert(
      fc.property(anyPlan, anyMix(), (plan, mix) => {
        const factor = plan.kind === 'redux' ? 0.375 : 1;
        const mixed = mixedImages(buildGraph(plan, mix).graph);
        const counted = mix.images.filter(({ strength }) => strength > 0);
        expect(mixed).toEqual(counted.map(({ file, strength }) => ({ file, strength: strength * factor })));
        expect(buildGraph(plan, mix)).toEqual(buildGraph(plan, { ...mix, images: counted }));
      }),
    );
  });

  test('has the prompts, steps, guidance, seed and size of the mix', () => {
    fc.assert(
      fc.property(anyPlan, anyMix(), (plan, mix) => {
        const { graph } = buildGraph(plan, frozen(mix));
        const inputs = (id: string) => graph[id]?.inputs ?? {};
        expect(inputs('prompt').text).toBe(mix.prompt);
        expect(inputs('sampler')).toMatchObject({ steps: mix.steps, seed: mix.seed });
        if (plan.kind === 'adapter') {
          expect(inputs('negative').text).toBe(mix.negativePrompt);
          expect(inputs('sampler').cfg).toBe(mix.guidanceScale);
        } else {
          expect(inputs('guidance').guidance).toBe(mix.guidanceScale);
          expect(inputs('sampler').cfg).toBe(1);
        }
        const { width, height } = { ...inputs('canvas'), ...graph.scaled?.inputs };
        expect({ width, height }).toEqual({ width: mix.width, height: mix.height });
        for (const side of ['width', 'height'] as const) {
          const rounded = Number(inputs('canvas')[side]);
          expect(rounded % 8).toBe(0);
          expect(rounded - mix[side]).toBeGreaterThanOrEqual(0);
          expect(rounded - mix[side]).toBeLessThan(8);
        }
        expect('scaled' in graph).toBe(mix.width % 8 !== 0 || mix.height % 8 !== 0);
      }),
    );
  });

  test('without an effective image has no adapter', () => {
    const [mix] = fc.sample(anyMix({ strength: 0 }), 1);
    if (!mix) throw new Error('no mix');
    const classes = (graph: Graph) => Object.values(graph).map(({ class_type }) => class_type);
    expect(classes(buildAdapterGraph(adapterPlan, mix).graph).filter((name) => name.startsWith('IPAdapter'))).toEqual(
      [],
    );
    for (const plan of reduxPlans) {
      expect(classes(buildReduxGraph(plan, mix).graph)).not.toContain('StyleModelLoader');
    }
  });

  test('of Flux says that a negative prompt has no effect, if there is one', () => {
    const [mix] = fc.sample(anyMix(), 1);
    const [plan] = reduxPlans;
    const notices = (negativePrompt: string) =>
      mix && plan ? buildReduxGraph(plan satisfies ReduxPlan, { ...mix, negativePrompt }).notices : undefined;
    expect(notices('fog')).toEqual([{ code: 'model-ignores', args: { part: 'negativePrompt' } }]);
    expect(notices(' ')).toEqual([]);
  });
});

describe('on a server', () => {
  const mix: GraphMix = {
    images: [],
    prompt: 'rose',
    negativePrompt: '',
    width: 64,
    height: 72,
    steps: 1,
    guidanceScale: 5,
    seed: 7,
  };

  test('a repeated graph writes new files', async () => {
    const server = await startComfyUI();
    try {
      const [file = ''] = await uploadInks(server, ['red']);
      const built = buildAdapterGraph(adapterPlan, { ...mix, images: [{ file, strength: 0.8 }] });
      const first = await runGraph(server, built);
      const runs = server.runs.length;
      const second = await runGraph(server, built);
      expect(second.name).not.toBe(first.name);
      expect(second.pixels).toEqual(first.pixels);
      expect(server.runs.slice(runs).map(({ nodeId }) => nodeId)).toEqual([built.output]);
    } finally {
      await server.close();
    }
  });

  test('the example workflow gives the same results as the built-in graph', async () => {
    const server = await startComfyUI();
    try {
      const files = await uploadInks(server, [
        'red',
        'lime',
        'blue',
        'yellow',
        'cyan',
        'white',
        'gray',
        'navy',
        'teal',
        'olive',
      ]);
      const weights = [0.4, 0, 0.3, 0.25, 0.1, 0.2, 0.05, 0, 0.15, 0.35];
      for (const [count, nodes, width] of [
        [1, 1, 64],
        [1, 3, 68],
        [2, 2, 67],
        [6, 6, 64],
        [3, 10, 65],
        [10, 10, 71],
      ] as const) {
        const images = files.slice(0, count).map((file, i) => ({ file, strength: weights[i] ?? 0 }));
        const some = { ...mix, images, width };
        const workflow = parseWorkflow(exampleWorkflow(adapterPlan, nodes), 'example.json');
        const bound = bindWorkflow(frozen(workflow), some, infosOf(shelf({})));
        expect(bound.ignores).toEqual(['model']);
        expect(bound.notices).toEqual([]);
        const own = await runGraph(server, bound);
        const builtIn = await runGraph(server, buildAdapterGraph(adapterPlan, some));
        expect(own.pixels).toEqual(builtIn.pixels);
        expect(own.size).toEqual([width, 72]);
      }
    } finally {
      await server.close();
    }
  });
});
