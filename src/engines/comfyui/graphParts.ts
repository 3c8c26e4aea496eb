import type { Graph, GraphMix, GraphNode } from './graph.ts';

/** A link to an output of a node: its id and the position of the output. */
export type Link = readonly [id: string, output: number];

/** @param title binds the node if the graph is saved as a workflow (see `workflowTitle.ts`). */
export function graphNode(
  classType: string,
  inputs: Readonly<Record<string, string | number | Link>>,
  title?: string,
): GraphNode {
  return { class_type: classType, inputs, ...(title === undefined ? {} : { _meta: { title } }) };
}

/** What the sampler of a built-in graph works with. */
export interface Sampling {
  readonly model: Link;
  readonly positive: Link;
  readonly negative: Link;
  readonly vae: Link;
  readonly cfg: number;
  readonly sampler: string;
  readonly scheduler: string;
  readonly title: string;
}

/** The node whose images are the results of a built-in graph. */
export const resultNode = 'result';

/** The side of a cell of a latent image, in pixels. */
export const cellSide = 8;

function wholeCells(side: number): number {
  return Math.ceil(side / cellSide) * cellSide;
}

/**
 * The nodes from noise to the result, which has the size of the mix. The result is only previewed, so that no file of it stays on the
 * server.
 */
export function samplingNodes(sampling: Sampling, { width, height, steps, seed }: GraphMix): Graph {
  const canvas = { width: wholeCells(width), height: wholeCells(height) };
  const fits = canvas.width === width && canvas.height === height;
  return {
    canvas: graphNode('EmptyLatentImage', { ...canvas, batch_size: 1 }, 'mix:size'),
    sampler: graphNode(
      'KSampler',
      {
        model: sampling.model,
        seed,
        steps,
        cfg: sampling.cfg,
        sampler_name: sampling.sampler,
        scheduler: sampling.scheduler,
        positive: sampling.positive,
        negative: sampling.negative,
        latent_image: ['canvas', 0],
        denoise: 1,
      },
      sampling.title,
    ),
    decoded: graphNode('VAEDecode', { samples: ['sampler', 0], vae: sampling.vae }),
    ...(fits
      ? {}
      : {
          scaled: graphNode(
            'ImageScale',
            { image: ['decoded', 0], upscale_method: 'lanczos', width, height, crop: 'center' },
            'mix:size',
          ),
        }),
    [resultNode]: graphNode('PreviewImage', { images: [fits ? 'decoded' : 'scaled', 0] }, 'mix:output'),
  };
}
