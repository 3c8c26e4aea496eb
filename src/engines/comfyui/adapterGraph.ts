import type { AdapterPlan, BuiltGraph, Graph, GraphMix } from './graph.ts';
import { graphNode, type Link, resultNode, samplingNodes } from './graphParts.ts';

/**
 * A graph of SD1.5 or SDXL with an IP-Adapter. Each image adds its strength times its effect, so the strengths say what share it has.
 * Images with strength 0 are left out; without any other image, so is the adapter.
 */
export function buildAdapterGraph({ checkpoint, preset }: AdapterPlan, mix: GraphMix): BuiltGraph {
  const images = mix.images.filter(({ strength }) => strength !== 0);
  const graph: Graph = {
    checkpoint: graphNode('CheckpointLoaderSimple', { ckpt_name: checkpoint }),
    ...(images.length > 0 ? adapterNodes(images, preset) : {}),
    prompt: graphNode('CLIPTextEncode', { text: mix.prompt, clip: ['checkpoint', 1] }, 'mix:prompt'),
    negative: graphNode('CLIPTextEncode', { text: mix.negativePrompt, clip: ['checkpoint', 1] }, 'mix:negative'),
    ...samplingNodes(
      {
        model: images.length > 0 ? ['adapted', 0] : ['checkpoint', 0],
        positive: ['prompt', 0],
        negative: ['negative', 0],
        vae: ['checkpoint', 2],
        cfg: mix.guidanceScale,
        // Good with 20 to 30 steps for SD1.5 and SDXL alike. It adds no noise on the way: more steps refine the same result.
        sampler: 'dpmpp_2m',
        scheduler: 'karras',
        title: 'mix:seed mix:steps mix:guidance',
      },
      mix,
    ),
  };
  return { graph, output: resultNode, ignores: [], notices: [] };
}

/**
 * One adapter for all images. A chain with one adapter an image would do the same, but newer servers add the weights of an earlier run to
 * those of a chain that is partly cached.
 */
function adapterNodes(images: GraphMix['images'], preset: string): Graph {
  const others = images.slice(1).map((_, i): Link => [`weight${i + 2}`, 0]);
  const { nodes, params } = combine(['weight1', 0], others);
  return {
    adapter: graphNode('IPAdapterUnifiedLoader', { model: ['checkpoint', 0], preset }),
    ...Object.fromEntries(images.flatMap((image, i) => Object.entries(imageNodes(image, i + 1)))),
    ...nodes,
    adapted: graphNode('IPAdapterFromParams', {
      model: ['adapter', 0],
      ipadapter: ['adapter', 1],
      ipadapter_params: params,
      combine_embeds: 'concat',
      // With the other scalings, a weight doesn't say how much of an image there is.
      embeds_scaling: 'V only',
    }),
  };
}

function imageNodes({ file, strength }: GraphMix['images'][number], number: number): Graph {
  return {
    [`image${number}`]: graphNode('LoadImage', { image: file }, `mix:image ${number}`),
    // The model sees a square. Padding would mix the bars into the result.
    [`square${number}`]: graphNode('PrepImageForClipVision', {
      image: [`image${number}`, 0],
      interpolation: 'LANCZOS',
      crop_position: 'center',
      sharpening: 0,
    }),
    [`weight${number}`]: graphNode(
      'IPAdapterRegionalConditioning',
      {
        image: [`square${number}`, 0],
        image_weight: strength,
        prompt_weight: 1,
        weight_type: 'linear',
        start_at: 0,
        end_at: 1,
      },
      `mix:weight ${number}`,
    ),
  };
}

/** How many images a node can add to those that are already combined. */
const ADDED_AT_ONCE = 4;

/** Combines the parameters of several images. A single image needs no node. */
function combine(first: Link, others: readonly Link[]): { nodes: Graph; params: Link } {
  const nodes: Graph = {};
  let params = first;
  for (let i = 0; i < others.length; i += ADDED_AT_ONCE) {
    const id = `combined${i / ADDED_AT_ONCE + 1}`;
    const all = [params, ...others.slice(i, i + ADDED_AT_ONCE)];
    nodes[id] = graphNode(
      'IPAdapterCombineParams',
      Object.fromEntries(all.map((link, k) => [`params_${k + 1}`, link])),
    );
    params = [id, 0];
  }
  return { nodes, params };
}
