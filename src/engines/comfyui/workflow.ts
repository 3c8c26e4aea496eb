import { MixFailure } from '../../mix/failure.ts';
import type { UnusedPart } from '../../mix/limits.ts';
import { parseJson } from '../../storage/json.ts';
import type { ComfyuiSettings } from './comfyuiSettings.ts';
import { type Graph, type GraphNode, graphSchema } from './graph.ts';
import { type Binding, maxWorkflowImages, parseTitle } from './workflowTitle.ts';

/** A workflow of the user's own, with the name of its file. */
export type Workflow = NonNullable<ComfyuiSettings['workflow']>;

/** A node of a workflow, and one of the things that its title binds it to. */
export interface BoundNode {
  readonly id: string;
  readonly node: GraphNode;
  /** For messages. */
  readonly title: string;
  readonly binding: Binding;
  /** The inputs that get the value. */
  readonly inputs: readonly string[];
}

/** The largest workflow file, in bytes. Every job keeps a copy. */
export const maxWorkflowBytes = 2_000_000;
/** The deepest lists and objects in a node's inputs. Code that goes through deeper ones could run out of stack. */
const MAX_DEPTH = 50;
/** How much of a title messages show, in characters. */
const LONGEST_SHOWN = 100;

/**
 * Reads a workflow in API format. @param file the name of its file, for messages.
 * @throws MixFailure `invalid-recipe/workflow-…` if it can't be read, or its titles can't be used.
 */
export function parseWorkflow(text: string, file: string): Workflow {
  if (Buffer.byteLength(text) > maxWorkflowBytes) {
    throw new MixFailure('invalid-recipe/workflow-too-large', { args: { file, max: maxWorkflowBytes / 1_000_000 } });
  }
  const json = parseJson(text.replace(/^\uFEFF/, ''));
  if (json === undefined) throw new MixFailure('invalid-recipe/workflow-no-json', { args: { file } });
  if (isEditorFormat(json)) throw new MixFailure('invalid-recipe/workflow-editor-format', { args: { file } });
  const graph = graphSchema.safeParse(json).data;
  if (!graph || Object.keys(graph).length === 0 || isDeep(graph, MAX_DEPTH)) {
    throw new MixFailure('invalid-recipe/workflow-shape', { args: { file } });
  }
  const workflow = { name: file, graph };
  boundNodes(workflow);
  return workflow;
}

/** Whether JSON is a workflow as the editor saves it. */
function isEditorFormat(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'nodes' in json && Array.isArray(json.nodes);
}

function isDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeep(inner, depth - 1));
}

/**
 * The nodes of a workflow whose titles bind them to the mix.
 * @throws MixFailure `invalid-recipe/workflow-…` if titles aren't known or not complete, or nodes don't have the inputs for them.
 */
export function boundNodes({ name: file, graph }: Workflow): readonly BoundNode[] {
  const bound = Object.entries(graph).flatMap(([id, node]) => bindingsOf(id, node, file));
  const images = new Set(bound.flatMap(({ binding }) => (binding.kind === 'image' ? [binding.number] : [])));
  const numbers = bound.flatMap(({ binding }) => ('number' in binding ? [binding.number] : []));
  for (let number = 1; number <= Math.max(1, ...numbers); number++) {
    if (!images.has(number)) throw new MixFailure('invalid-recipe/workflow-no-image', { args: { file, number } });
  }
  return bound;
}

function bindingsOf(id: string, node: GraphNode, file: string): BoundNode[] {
  const bindings = parseTitle(node._meta?.title ?? '');
  const title = (node._meta?.title ?? '').trim().slice(0, LONGEST_SHOWN);
  if (!bindings) {
    throw new MixFailure('invalid-recipe/workflow-title', { args: { file, title, max: maxWorkflowImages } });
  }
  return bindings.map((binding) => {
    const alternatives = inputsFor(binding);
    const inputs = alternatives.find((names) => names.every((name) => canTake(node, name, binding)));
    if (inputs) return { id, node, title, binding, inputs };
    const input = alternatives.map((names) => names.join(', ')).join(' / ');
    throw new MixFailure('invalid-recipe/workflow-input', { args: { file, title, input } });
  });
}

/** The inputs that a binding sets: the first of these groups that a node has. */
function inputsFor({ kind }: Binding): readonly (readonly string[])[] {
  switch (kind) {
    case 'image':
      return [['image']];
    case 'weight':
      return [['weight'], ['image_weight'], ['strength']];
    case 'prompt':
    case 'negative':
      return [['text']];
    case 'seed':
      return [['seed'], ['noise_seed']];
    case 'size':
      return [['width', 'height']];
    case 'steps':
      return [['steps']];
    case 'guidance':
      return [['cfg'], ['guidance']];
    case 'output':
      return [[]];
  }
}

/** A value replaces a link, but not the link to an image: a node that takes one doesn't load a file. */
function canTake({ inputs }: GraphNode, name: string, { kind }: Binding): boolean {
  return kind === 'image' ? typeof inputs[name] === 'string' : Object.hasOwn(inputs, name);
}

/** The parts of a mix that have no effect on a workflow. Its models are its own. */
export function unusedParts(bound: readonly BoundNode[]): readonly UnusedPart[] {
  const kinds = new Set(bound.map(({ binding }) => binding.kind));
  const weighed = new Set(bound.flatMap(({ binding }) => (binding.kind === 'weight' ? [binding.number] : [])));
  const weighsAll = bound.every(({ binding }) => binding.kind !== 'image' || weighed.has(binding.number));
  return [
    ...partTitles.filter(({ kind }) => (kind === 'weight' ? !weighsAll : !kinds.has(kind))).map(({ part }) => part),
    'model',
  ];
}

/** The titles that bind the parts of a mix. */
export const partTitles: readonly { readonly part: UnusedPart; readonly kind: Binding['kind'] }[] = [
  { part: 'weights', kind: 'weight' },
  { part: 'prompt', kind: 'prompt' },
  { part: 'negativePrompt', kind: 'negative' },
  { part: 'steps', kind: 'steps' },
  { part: 'guidanceScale', kind: 'guidance' },
  { part: 'seed', kind: 'seed' },
  { part: 'size', kind: 'size' },
];

/** The classes of a workflow's nodes, which `bindWorkflow` needs to know. */
export function classesOf(graph: Graph): readonly string[] {
  return [...new Set(Object.values(graph).map(({ class_type }) => class_type))];
}
