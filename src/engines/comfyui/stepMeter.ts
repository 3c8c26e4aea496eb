import type { Graph } from './graph.ts';

/** Counts the steps of a prompt's samplers. */
export class StepMeter {
  /** What share of the whole each sampler has, by node. */
  readonly #shares: ReadonlyMap<string, number>;
  readonly #fractions = new Map<string, number>();

  constructor(graph: Graph) {
    this.#shares = sharesOf(graph);
  }

  /** A node has done `value` of `max` steps. Nodes that aren't samplers count their own things, such as tiles. */
  update(node: string, value: number, max: number): void {
    const fraction = value / max;
    if (this.#shares.has(node) && fraction >= 0 && fraction <= 1) this.#fractions.set(node, fraction);
  }

  /** From 0 to 1; undefined if no sampler has begun. */
  get fraction(): number | undefined {
    if (this.#fractions.size === 0) return undefined;
    let sum = 0;
    for (const [node, fraction] of this.#fractions) sum += fraction * (this.#shares.get(node) ?? 0);
    return sum;
  }
}

/** Samplers are the nodes that take a latent image. They share the time by their numbers of steps, as far as these are known. */
function sharesOf(graph: Graph): ReadonlyMap<string, number> {
  const steps = Object.entries(graph)
    .filter(([, { inputs }]) => Array.isArray(inputs.latent_image))
    .map(([id, { inputs }]): [string, number] => [
      id,
      typeof inputs.steps === 'number' ? Math.max(inputs.steps, 1) : 1,
    ]);
  const total = steps.reduce((sum, [, count]) => sum + count, 0);
  return new Map(steps.map(([id, count]) => [id, count / total]));
}
