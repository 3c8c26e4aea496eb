import type { UnusedPart } from '../../mix/limits.ts';
import { makeNotice } from '../../mix/notice.ts';
import type { BuiltGraph, Graph, GraphMix, ReduxPlan } from './graph.ts';
import { graphNode, type Link, resultNode, samplingNodes } from './graphParts.ts';

/** The parts of a mix that Flux ignores: without classifier-free guidance, the negative prompt isn't looked at. */
export const reduxIgnores: readonly UnusedPart[] = ['negativePrompt'];

/**
 * Redux adds 729 tokens for each image to the few of the prompt. With this factor, an image strength of .8 leaves about as much to the
 * prompt as with an IP-Adapter.
 */
const TOKEN_STRENGTH = 0.375;

/** A graph of Flux with Redux. Images with strength 0 are left out; without any other image, so is Redux. */
export function buildReduxGraph(plan: ReduxPlan, mix: GraphMix): BuiltGraph {
  const images = mix.images.filter(({ strength }) => strength !== 0);
  const { nodes, model, clip, vae } = loaders(plan.model);
  const styled: Link = images.length > 0 ? [`style${images.length}`, 0] : ['prompt', 0];
  const graph: Graph = {
    ...nodes,
    ...(images.length > 0
      ? {
          vision: graphNode('CLIPVisionLoader', { clip_name: plan.clipVision }),
          redux: graphNode('StyleModelLoader', { style_model_name: plan.styleModel }),
        }
      : {}),
    prompt: graphNode('CLIPTextEncode', { text: mix.prompt, clip }, 'mix:prompt'),
    ...Object.fromEntries(images.flatMap((image, i) => Object.entries(imageNodes(image, i + 1)))),
    guidance: graphNode('FluxGuidance', { conditioning: styled, guidance: mix.guidanceScale }, 'mix:guidance'),
    ...samplingNodes(
      {
        model,
        positive: ['guidance', 0],
        // Not looked at, but required.
        negative: ['prompt', 0],
        vae,
        cfg: 1,
        // Flux was trained on straight paths from noise to image, for which Euler's method with even steps is right.
        sampler: 'euler',
        scheduler: 'simple',
        title: 'mix:seed mix:steps',
      },
      mix,
    ),
  };
  const notices = mix.negativePrompt.trim() === '' ? [] : [makeNotice('model-ignores', { part: 'negativePrompt' })];
  return { graph, output: resultNode, ignores: reduxIgnores, notices };
}

function loaders(model: ReduxPlan['model']): { nodes: Graph; model: Link; clip: Link; vae: Link } {
  if (model.loader === 'checkpoint') {
    const nodes = { checkpoint: graphNode('CheckpointLoaderSimple', { ckpt_name: model.file }) };
    return { nodes, model: ['checkpoint', 0], clip: ['checkpoint', 1], vae: ['checkpoint', 2] };
  }
  const [clip_name1, clip_name2] = model.clips;
  const nodes = {
    model: graphNode('UNETLoader', { unet_name: model.file, weight_dtype: 'default' }),
    clip: graphNode('DualCLIPLoader', { clip_name1, clip_name2, type: 'flux' }),
    vae: graphNode('VAELoader', { vae_name: model.vae }),
  };
  return { nodes, model: ['model', 0], clip: ['clip', 0], vae: ['vae', 0] };
}

/** The nodes that add an image to the prompt and the images before it. */
function imageNodes({ file, strength }: GraphMix['images'][number], number: number): Graph {
  return {
    [`image${number}`]: graphNode('LoadImage', { image: file }, `mix:image ${number}`),
    [`seen${number}`]: graphNode('CLIPVisionEncode', {
      clip_vision: ['vision', 0],
      image: [`image${number}`, 0],
      crop: 'center',
    }),
    [`style${number}`]: graphNode(
      'StyleModelApply',
      {
        conditioning: number === 1 ? ['prompt', 0] : [`style${number - 1}`, 0],
        style_model: ['redux', 0],
        clip_vision_output: [`seen${number}`, 0],
        strength: strength * TOKEN_STRENGTH,
        // Weighs the attention to an image. The other type scales its tokens, which has little effect until they break.
        strength_type: 'attn_bias',
      },
      `mix:weight ${number} *${TOKEN_STRENGTH}`,
    ),
  };
}
