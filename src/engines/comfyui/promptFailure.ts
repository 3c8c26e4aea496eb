import { MixFailure } from '../../mix/failure.ts';
import type { Graph, GraphNode } from './graph.ts';
import type { ServerAddress } from './serverAddress.ts';
import type { InputProblem, RefusedPrompt } from './wire/promptAnswer.ts';
import { parseTitle } from './workflowTitle.ts';

/** Whether a graph was refused because an uploaded image isn't there any more. Then it can be uploaded again. */
export function isUploadGone(problems: readonly InputProblem[], graph: Graph): boolean {
  return problems.some(
    ({ node, problem }) =>
      loadsImage(graph[node]) && (problem === 'custom_validation_failed' || problem === 'value_not_in_list'),
  );
}

/** Whether a node gets an image of the mix. In the user's workflow, it can be of any class. */
function loadsImage(node: GraphNode | undefined): boolean {
  return parseTitle(node?._meta?.title ?? '')?.some(({ kind }) => kind === 'image') ?? false;
}

/** The failure for a graph that a server refused. It shows nothing of the server's own texts, which may contain its paths. */
export function promptFailure(refused: RefusedPrompt, { name: server }: ServerAddress): MixFailure {
  const cause = new Error(JSON.stringify(refused.problems.map(({ value, ...problem }) => problem)));
  if (refused.missingClass) {
    return new MixFailure('missing-model/node', { args: { server, node: refused.missingClass }, cause });
  }
  const [first] = refused.problems;
  if (!first)
    return new MixFailure('invalid-request/comfyui', { args: { server, problem: shown(refused.type) }, cause });
  return problemFailure(first, server, cause);
}

/** The failure for an input that can't be used. */
export function problemFailure({ node, nodeType, ...problem }: InputProblem, server: string, cause?: unknown) {
  const { input, value } = problem;
  const args = { server, node: nodeType || node, input };
  if (problem.problem === 'value_not_in_list' && typeof value === 'string') {
    return new MixFailure('missing-model/value', { args: { ...args, value: value.slice(0, 200) }, cause });
  }
  return new MixFailure('invalid-request/comfyui-node', { args: { ...args, problem: shown(problem.problem) }, cause });
}

/** ComfyUI's ids of problems, as words. */
function shown(id: string): string {
  return /^[a-z_]{1,60}$/.test(id) ? id.replaceAll('_', ' ') : '?';
}
