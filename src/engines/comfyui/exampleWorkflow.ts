import { buildAdapterGraph } from './adapterGraph.ts';
import type { AdapterPlan } from './graph.ts';

/** An image that every ComfyUI server has. */
const file = 'example.png';

/**
 * The built-in graph as the text of a workflow file to start from, with nodes for `count` images. Bound to a mix, it makes the same
 * results as the built-in graph with the same models.
 */
export function exampleWorkflow(plan: AdapterPlan, count: number): string {
  const { graph } = buildAdapterGraph(plan, {
    images: Array.from({ length: count }, () => ({ file, strength: 0.8 / count })),
    prompt: '',
    negativePrompt: '',
    // Not a multiple of 8, so that the graph has both nodes with a size.
    width: 1020,
    height: 1020,
    steps: 30,
    guidanceScale: 7.5,
    seed: 0,
  });
  return `${JSON.stringify(graph, null, 2)}\n`;
}
