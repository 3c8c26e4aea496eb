import * as z from 'zod';

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
  /** The images that count, in the order of the recipe. `file` is as LoadImage takes it; the strengths sum to the image strength. */
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

/** A graph that can be queued. */
export interface BuiltGraph {
  readonly graph: Graph;
  /** The node whose images are the results. */
  readonly output: string;
}

/** The models that a built-in graph is made with, as the server names them. */
export type ModelPlan =
  | { readonly kind: 'adapter'; readonly checkpoint: string; readonly preset: string }
  | {
      readonly kind: 'redux';
      /** A model of its own, or one inside a checkpoint. */
      readonly model: { readonly loader: 'unet' | 'checkpoint'; readonly file: string };
      /** The two text encoders; null if the checkpoint has them. */
      readonly clips: readonly [string, string] | null;
      /** Null if the checkpoint has it. */
      readonly vae: string | null;
      readonly clipVision: string;
      readonly styleModel: string;
    };
