import { type Graph, type GraphNode, linkedNodes } from './graph.ts';
import { checkInputs, type Reason } from './nodeCheck.ts';
import { classNamed } from './nodes/catalog.ts';
import type { Shelf } from './nodes/nodeClass.ts';
import { abilitiesOf } from './version.ts';

export interface RequestError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, unknown>>;
}

export type NodeErrors = Record<string, { errors: readonly Reason[]; dependent_outputs: string[]; class_type: string }>;

/** What becomes of a prompt: the outputs to run, or why it's refused. Both can come with errors of nodes. */
export interface Verdict {
  readonly error: RequestError | undefined;
  readonly outputs: readonly string[];
  readonly nodeErrors: NodeErrors;
}

/** Checks a graph like the server does before it queues it: every output on its own, with all that it depends on. */
export function validate(graph: Graph, shelf: Shelf): Verdict {
  const { strict } = abilitiesOf(shelf.settings.version);
  const outputs: string[] = [];
  for (const [id, node] of Object.entries(graph)) {
    const nodeClass = node.class_type === undefined ? undefined : classNamed(node.class_type, shelf);
    if (!nodeClass) return refused(missingClass(id, node, strict));
    if (nodeClass.isOutput) outputs.push(id);
  }
  if (outputs.length === 0) return refused(requestError('prompt_no_outputs', 'Prompt has no outputs'));
  const cycle = Object.keys(graph).find((id) => dependenciesOf(id, graph).includes(id));
  if (cycle !== undefined && strict) {
    return refused(requestError('dependency_cycle', 'Dependency cycle detected', `Node ID '#${cycle}'`));
  }

  const nodeErrors: NodeErrors = {};
  const good = outputs.filter((output) => {
    const bad = [...new Set([output, ...dependenciesOf(output, graph)])].filter((id) => {
      const reasons = reasonsOf(id, id === output, graph, shelf);
      if (reasons.length === 0) return false;
      const known = nodeErrors[id]?.dependent_outputs ?? [];
      const classType = graph[id]?.class_type ?? '';
      nodeErrors[id] = { errors: reasons, dependent_outputs: [...known, output], class_type: classType };
      return true;
    });
    return bad.length === 0;
  });
  if (good.length > 0) return { error: undefined, outputs: good, nodeErrors };
  const details = Object.values(nodeErrors)
    .flatMap(({ class_type, errors }) => [
      `* ${class_type}:`,
      ...errors.map((one) => `  - ${one.message}: ${one.details}`),
    ])
    .join('\n');
  return {
    ...refused(requestError('prompt_outputs_failed_validation', 'Prompt outputs failed validation', details)),
    nodeErrors,
  };
}

function reasonsOf(id: string, isOutput: boolean, graph: Graph, shelf: Shelf): readonly Reason[] {
  const node = graph[id];
  const nodeClass = node?.class_type === undefined ? undefined : classNamed(node.class_type, shelf);
  if (!node || !nodeClass) return [];
  const lost = linkedNodes(node).find((one) => !graph[one]);
  const endless = dependenciesOf(id, graph).includes(id);
  if (lost === undefined && !endless) return checkInputs(node, nodeClass, outputTypes(graph, shelf), shelf);
  return [
    {
      type: isOutput ? 'exception_during_validation' : 'exception_during_inner_validation',
      message: isOutput ? 'Exception when validating node' : 'Exception when validating inner node',
      details: lost === undefined ? 'maximum recursion depth exceeded' : `'${lost}'`,
      extra_info: { exception_type: lost === undefined ? 'RecursionError' : 'KeyError', traceback: [] },
    },
  ];
}

/** A look-up of the type of a node's output. */
function outputTypes(graph: Graph, shelf: Shelf): (id: string, index: number) => string | undefined {
  return (id, index) => classNamed(graph[id]?.class_type ?? '', shelf)?.outputs[index]?.type;
}

/** The ids of all nodes that a node depends on, the nearest first. Includes the node itself if it's part of a cycle. */
export function dependenciesOf(id: string, graph: Graph): string[] {
  const found = new Set<string>();
  const visit = (one: string): void => {
    const node = graph[one];
    for (const next of node ? linkedNodes(node) : []) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(id);
  return [...found];
}

function missingClass(id: string, node: GraphNode, strict: boolean): RequestError {
  const details = `Node ID '#${id}'`;
  if (node.class_type === undefined) {
    const message = 'Cannot execute because a node is missing the class_type property.';
    return requestError('invalid_prompt', message, details);
  }
  if (!strict) {
    return requestError('invalid_prompt', `Cannot execute because node ${node.class_type} does not exist.`, details);
  }
  const title = node._meta?.title ?? node.class_type;
  return {
    ...requestError('missing_node_type', `Node '${title}' not found. The custom node may not be installed.`, details),
    extra_info: { node_id: id, class_type: node.class_type, node_title: title },
  };
}

/** An error of the whole request. */
export function requestError(type: string, message: string, details = ''): RequestError {
  return { type, message, details, extra_info: {} };
}

function refused(error: RequestError): Verdict {
  return { error, outputs: [], nodeErrors: {} };
}
