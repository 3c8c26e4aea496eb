import { MixFailure } from '../../mix/failure.ts';
import type { UnusedPart } from '../../mix/limits.ts';
import { makeNotice, type Notice } from '../../mix/notice.ts';
import type { BuiltGraph, Graph, GraphMix } from './graph.ts';
import { cellSide } from './graphParts.ts';
import type { NodeInfo, NodeInput } from './wire/nodeInfo.ts';
import { type BoundNode, boundNodes, partTitles, unusedParts, type Workflow } from './workflow.ts';
import type { Binding } from './workflowTitle.ts';

/** What a server says about classes of nodes. Those that it doesn't have are missing. */
export type NodeInfos = ReadonlyMap<string, NodeInfo>;

/**
 * The graph of a workflow for one sample of a mix. The workflow itself isn't changed.
 * @param infos the classes of all nodes (`classesOf`).
 * @throws MixFailure `invalid-recipe/workflow-…` if the workflow doesn't fit the mix.
 */
export function bindWorkflow(workflow: Workflow, mix: GraphMix, infos: NodeInfos): BuiltGraph {
  const bound = boundNodes(workflow);
  const images = imagesFor(bound, mix, workflow.name);
  const graph: Graph = { ...workflow.graph };
  for (const place of bound) {
    const info = infos.get(place.node.class_type);
    const node = graph[place.id] ?? place.node;
    const values = place.inputs.map((name): [string, string | number] => {
      const value = valueFor(place, name, mix, images);
      return [name, typeof value === 'string' ? value : fitting(value, place, name, info?.inputs.get(name), workflow)];
    });
    graph[place.id] = { ...node, inputs: { ...node.inputs, ...Object.fromEntries(values) } };
  }
  const ignores = unusedParts(bound);
  const notices = ignores.filter((part) => isSet(part, mix)).map((part) => noticeOf(part, workflow.name));
  return { graph, output: outputOf(bound, workflow, infos), ignores, notices };
}

/** An image for every number of the workflow. If the mix has fewer, its last one fills up the rest, with weight 0. */
function imagesFor(bound: readonly BoundNode[], { images }: GraphMix, file: string): GraphMix['images'] {
  const numbers = (kind: 'image' | 'weight') =>
    bound.flatMap(({ binding }) => (binding.kind === kind ? [binding.number] : []));
  const count = Math.max(...numbers('image'));
  if (images.length > count) {
    const args = { file, count: images.length, max: count };
    throw new MixFailure('invalid-recipe/workflow-too-many-images', { field: 'images', args });
  }
  const last = images.at(-1);
  if (!last) throw new MixFailure('invalid-recipe/nothing-enabled', { field: 'images' });
  return Array.from({ length: count }, (_, i) => {
    const number = i + 1;
    if (number > images.length && !numbers('weight').includes(number)) {
      const args = { file, count, number };
      throw new MixFailure('invalid-recipe/workflow-too-few-images', { field: 'images', args });
    }
    return images[i] ?? { ...last, strength: 0 };
  });
}

/** The value that an input gets. */
function valueFor({ binding }: BoundNode, input: string, mix: GraphMix, images: GraphMix['images']): string | number {
  switch (binding.kind) {
    case 'image':
      return images[binding.number - 1]?.file ?? '';
    case 'weight':
      return (images[binding.number - 1]?.strength ?? 0) * binding.factor;
    case 'prompt':
      return mix.prompt;
    case 'negative':
      return mix.negativePrompt;
    case 'seed':
      return mix.seed;
    case 'size':
      return input === 'width' ? mix.width : mix.height;
    case 'steps':
      return mix.steps;
    case 'guidance':
      return mix.guidanceScale;
    case 'output':
      return '';
  }
}

/** A number as an input takes it. @throws MixFailure `invalid-recipe/workflow-range`. */
function fitting(
  exact: number,
  { binding, title }: BoundNode,
  input: string,
  info: NodeInput | undefined,
  { name: file }: Workflow,
): number {
  const { min, max, step = cellSide, type } = info ?? {};
  // Nodes round sizes down to their step, which would cut off the last pixels. Many do without saying so.
  const value = binding.kind === 'size' ? Math.ceil(exact / step) * step : type === 'INT' ? Math.round(exact) : exact;
  if (value >= (min ?? value) && value <= (max ?? value)) return value;
  const args = { file, title, input, value, min: min ?? '-∞', max: max ?? '∞' };
  throw new MixFailure('invalid-recipe/workflow-range', { field: fieldOf(binding.kind, input), args });
}

/** The field of a recipe that sets an input. The images of a graph don't tell which of the recipe they are. */
function fieldOf(kind: Binding['kind'], input: string): string | undefined {
  return kind === 'size' ? input : partTitles.find((one) => one.kind === kind && kind !== 'weight')?.part;
}

/** The node with the results: the one titled so, otherwise the only one that saves or shows images. */
function outputOf(bound: readonly BoundNode[], { name: file, graph }: Workflow, infos: NodeInfos): string {
  const showsImages = (id: string) => {
    const info = infos.get(graph[id]?.class_type ?? '');
    return info?.isOutput === true && [...info.inputs.values()].some(({ type }) => type === 'IMAGE');
  };
  const titled = bound.filter(({ binding }) => binding.kind === 'output');
  const candidates = titled.length > 0 ? titled.map(({ id }) => id) : Object.keys(graph).filter(showsImages);
  const [output, ...others] = candidates;
  if (output === undefined || others.length > 0) {
    throw new MixFailure('invalid-recipe/workflow-output', { args: { file, count: candidates.length } });
  }
  const [first] = titled;
  const info = infos.get(graph[output]?.class_type ?? '');
  if (first && info && !info.isOutput) {
    throw new MixFailure('invalid-recipe/workflow-no-output', { args: { file, title: first.title } });
  }
  return output;
}

/** Whether a part of the mix is meant to have an effect. Numbers always are. */
function isSet(part: UnusedPart, mix: GraphMix): boolean {
  switch (part) {
    case 'prompt':
    case 'negativePrompt':
      return mix[part].trim() !== '';
    case 'weights':
      return mix.images.some(({ strength }) => strength !== mix.images[0]?.strength);
    case 'model':
      return false; // the recipe's model isn't part of a graph
    case 'steps':
    case 'guidanceScale':
    case 'seed':
    case 'size':
      return true;
  }
}

function noticeOf(part: UnusedPart, file: string): Notice {
  const kind = partTitles.find((one) => one.part === part)?.kind ?? part;
  return makeNotice('workflow-ignores', { file, title: `mix:${kind}`, part });
}
