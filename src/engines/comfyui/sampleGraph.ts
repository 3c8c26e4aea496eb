import PQueue from 'p-queue';
import { MixFailure } from '../../mix/failure.ts';
import type { MixTask } from '../engine.ts';
import { buildGraph } from './builtInGraph.ts';
import type { ComfyuiClient } from './comfyuiClient.ts';
import type { ComfyuiSettings } from './comfyuiSettings.ts';
import { type BuiltGraph, type Graph, type GraphMix, type ModelPlan, strengthsOf } from './graph.ts';
import type { NodeInfo } from './wire/nodeInfo.ts';
import { classesOf } from './workflow.ts';
import { bindWorkflow, type NodeInfos } from './workflowBinding.ts';

/** How many classes of nodes are asked for at a time. */
const concurrency = 6;

/** What the samples of a job are made of. */
export interface MixParts {
  readonly task: MixTask;
  readonly settings: ComfyuiSettings;
  /** The models of the built-in graph; null for the user's workflow. */
  readonly plan: ModelPlan | null;
  /** The classes of the workflow's nodes; empty for the built-in graph. */
  readonly infos: NodeInfos;
}

/** The graph of one sample. @param files the images' names on the server, in the order of the sources. @throws MixFailure `invalid-recipe/…`. */
export function sampleGraph(
  { task, settings, plan, infos }: MixParts,
  files: readonly string[],
  seed: number,
): BuiltGraph {
  const { prompt, negativePrompt, width, height, steps, guidanceScale } = task.recipe;
  const images = strengthsOf(weightsOf(task), settings.imageStrength).map((strength, at) => ({
    file: files[at] ?? '',
    strength,
  }));
  const mix: GraphMix = { images, prompt, negativePrompt, width, height, steps, guidanceScale, seed };
  if (settings.workflow) return bindWorkflow(settings.workflow, mix, infos);
  if (!plan) throw new TypeError('The built-in graph needs models');
  return buildGraph(plan, mix);
}

/** Which of the sources the graph loads. The built-in one leaves out those without effect. */
export function isLoaded(task: MixTask, settings: ComfyuiSettings): readonly boolean[] {
  const strengths = strengthsOf(weightsOf(task), settings.imageStrength);
  return strengths.map((strength) => strength > 0 || settings.workflow !== null);
}

const weightsOf = ({ sources }: MixTask): number[] => sources.map(({ weight }) => weight);

/** What the server says about the classes of a workflow's nodes. @throws MixFailure `missing-model/node` if it lacks one. */
export async function readNodeInfos(client: ComfyuiClient, graph: Graph, signal: AbortSignal): Promise<NodeInfos> {
  const queue = new PQueue({ concurrency });
  const infos = new Map<string, NodeInfo>();
  await Promise.all(
    classesOf(graph).map((name) =>
      queue.add(async () => {
        signal.throwIfAborted();
        const info = await client.nodeInfo(name, signal);
        const args = { server: client.address.name, node: name.slice(0, 100) };
        if (!info) throw new MixFailure('missing-model/node', { args });
        infos.set(name, info);
      }),
    ),
  );
  return infos;
}
