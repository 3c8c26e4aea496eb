import * as z from 'zod';
import type { UnusedPart } from '../../mix/limits.ts';
import type { Notice } from '../../mix/notice.ts';

const graphNodeSchema = z.object({
  class_type: z.string(),
  /** Values, or links to an output of another node: `[id, position]`. */
  inputs: z.record(z.string(), z.unknown()),
  _meta: z.looseObject({ title: z.string().optional() }).optional(),
});
export type GraphNode = z.infer<typeof graphNodeSchema>;

/** A graph in ComfyUI's API format: its nodes by their ids. */
export const graphSchema = z.record(z.string(), graphNodeSchema);
export type Graph = z.infer<typeof graphSchema>;

/** A mix as a graph expresses it: one sample. */
export interface GraphMix {
  /**
   * The enabled images in the order of the recipe, those with weight 0 too: in a workflow, a position can have a meaning of its own.
   * `file` is as LoadImage takes it; the strengths sum to the image strength.
   */
  readonly images: readonly { readonly file: string; readonly strength: number }[];
  readonly prompt: string;
  readonly negativePrompt: string;
  /** The size of the result in pixels. */
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly seed: number;
}

/** The strengths of a mix's images: their shares of the image strength, by their weights from 0 to 1, of which one must be above 0. */
export function strengthsOf(weights: readonly number[], imageStrength: number): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => imageStrength * (weight / sum));
}

/** A graph for one sample. */
export interface BuiltGraph {
  readonly graph: Graph;
  /** The node whose images are the results. */
  readonly output: string;
  /** The parts of the mix that have no effect. */
  readonly ignores: readonly UnusedPart[];
  /** What to tell about those of them that are set. The same for every sample of a mix. */
  readonly notices: readonly Notice[];
}

/**
 * The graph as a prompt of its own: its output node gets an input that no node knows. Otherwise a server that ran the same graph before
 * runs nothing, and names the old files, which may be gone.
 */
export function graphOfPrompt({ graph, output }: BuiltGraph, promptId: string): Graph {
  const node = graph[output];
  return node ? { ...graph, [output]: { ...node, inputs: { ...node.inputs, _run: promptId } } } : graph;
}

/** SD1.5 or SDXL with an IP-Adapter, as the server names them. */
export interface AdapterPlan {
  readonly kind: 'adapter';
  readonly checkpoint: string;
  readonly preset: string;
}

/** Flux with Redux, as the server names its files. */
export interface ReduxPlan {
  readonly kind: 'redux';
  /** A model with its text encoders and VAE in files of their own, or a checkpoint that has them all. */
  readonly model:
    | {
        readonly loader: 'unet';
        readonly file: string;
        readonly clips: readonly [string, string];
        readonly vae: string;
      }
    | { readonly loader: 'checkpoint'; readonly file: string };
  readonly clipVision: string;
  readonly styleModel: string;
}

/** The models that a built-in graph is made with. */
export type ModelPlan = AdapterPlan | ReduxPlan;
