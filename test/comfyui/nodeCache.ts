import { hashOf } from './disk.ts';
import { type Graph, linkOf } from './graph.ts';
import { classNamed } from './nodes/catalog.ts';
import type { NodeResult, Shelf } from './nodes/nodeClass.ts';

/** The results of nodes by key, so that unchanged nodes aren't run again. */
export class NodeCache {
  #results = new Map<string, NodeResult>();

  get(key: string): NodeResult | undefined {
    return this.#results.get(key);
  }

  set(key: string, result: NodeResult): void {
    this.#results.set(key, result);
  }

  /** Forgets the results of all other nodes, as the server does after each prompt. */
  keep(keys: Iterable<string>): void {
    const kept = new Set(keys);
    this.#results = new Map([...this.#results].filter(([key]) => kept.has(key)));
  }

  clear(): void {
    this.#results.clear();
  }
}

/**
 * The keys of nodes: a hash of class, inputs and ancestors. Ids and `_meta` don't count; inputs that the class doesn't have do.
 *
 * @param ids must come after those that they depend on.
 */
export function cacheKeys(ids: readonly string[], graph: Graph, shelf: Shelf): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const id of ids) {
    const node = graph[id];
    if (!node) continue;
    const inputs = Object.entries(node.inputs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => {
        const link = linkOf(value);
        return [name, link ? { ancestor: keys.get(link[0]), output: link[1] } : value];
      });
    const fingerprint = classNamed(node.class_type ?? '', shelf)?.fingerprint?.(node.inputs, shelf);
    keys.set(id, hashOf(JSON.stringify([node.class_type, inputs, fingerprint])));
  }
  return keys;
}

/** The nodes that outputs depend on, each after those that it depends on itself. */
export function executionOrder(outputs: readonly string[], graph: Graph): string[] {
  const order = new Set<string>();
  const visit = (id: string): void => {
    const node = graph[id];
    if (!node || order.has(id)) return;
    for (const value of Object.values(node.inputs)) {
      const link = linkOf(value);
      if (link) visit(link[0]);
    }
    order.add(id);
  };
  for (const output of outputs) visit(output);
  return [...order];
}
