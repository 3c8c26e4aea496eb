import type { GraphNode } from './graph.ts';
import { linkOf } from './graph.ts';
import type { Ending, HistoryEntry } from './history.ts';
import { Interrupted, type Interruption, ProcessEnded } from './interruption.ts';
import { cacheKeys, executionOrder, type NodeCache } from './nodeCache.ts';
import { detailsOf, NodeFailure } from './nodeFailure.ts';
import { classNamed } from './nodes/catalog.ts';
import type { NodeResult, RunContext } from './nodes/nodeClass.ts';
import { Inputs, type Value } from './nodes/values.ts';
import type { Prompt } from './queue.ts';
import type { Reporter } from './reporter.ts';
import type { Sockets } from './sockets.ts';
import { abilitiesOf } from './version.ts';
import { shelfOf, type World } from './world.ts';

/** What an execution uses. */
export interface Surroundings {
  readonly world: World;
  readonly sockets: Sockets;
  readonly cache: NodeCache;
  readonly interruption: Interruption;
  readonly reporter: Reporter;
}

/** Runs the nodes of one prompt that aren't cached. */
export class Execution {
  readonly #prompt: Prompt;
  readonly #around: Surroundings;
  readonly #results = new Map<string, NodeResult>();
  readonly #executed: string[] = [];

  constructor(prompt: Prompt, around: Surroundings) {
    this.#prompt = prompt;
    this.#around = around;
  }

  /** Runs until the end, whatever it is. @throws ProcessEnded */
  async run(): Promise<Ending> {
    const { graph, outputs } = this.#prompt;
    const { world, cache, reporter } = this.#around;
    const order = executionOrder(outputs, graph);
    const keys = cacheKeys(order, graph, shelfOf(world));
    const cached = new Map(
      order.flatMap((id) => {
        const result = cache.get(keys.get(id) ?? '');
        return result ? [[id, result] as const] : [];
      }),
    );
    for (const [id, result] of cached) this.#results.set(id, result);
    reporter.message('execution_start', {});
    reporter.message('execution_cached', { nodes: [...cached.keys()] });
    let succeeded = true;
    for (const id of order) {
      const isOutput = outputs.includes(id);
      const known = cached.get(id);
      if (known && (isOutput || world.settings.extraEvents)) reporter.executed(id, known.ui ?? null);
      if (known) continue;
      succeeded = await this.#runNode(id, keys.get(id) ?? '');
      if (!succeeded) break;
    }
    if (succeeded) reporter.message('execution_success', {});
    cache.keep(keys.values());
    const omitted = world.settings.omitsCachedOutputs && this.#prompt.clientId === undefined ? cached : new Map();
    return { succeeded, outputs: this.#outputs(omitted), messages: reporter.messages };
  }

  /** Returns whether the node succeeded. */
  async #runNode(id: string, key: string): Promise<boolean> {
    const node = this.#prompt.graph[id];
    const { world, cache, interruption, reporter } = this.#around;
    const nodeClass = classNamed(node?.class_type ?? '', shelfOf(world));
    if (!node || !nodeClass) throw new Error(`Node ${id} wasn't validated`);
    const classType = nodeClass.name;
    try {
      interruption.check();
      reporter.state(id, 'running');
      reporter.executing(id);
      await this.#faultsOf(classType);
      world.runs.push({ promptId: this.#prompt.id, nodeId: id, classType, key, inputs: node.inputs });
      const result = await nodeClass.run(this.#inputsOf(node), this.#contextOf(id, classType));
      interruption.check();
      this.#results.set(id, result);
      cache.set(key, result);
      if (result.ui) reporter.executed(id, result.ui);
      reporter.state(id, 'finished');
      this.#executed.push(id);
      return true;
    } catch (error) {
      if (!(error instanceof Error) || error instanceof ProcessEnded) throw error;
      this.#fail(id, node, classType, error);
      return false;
    }
  }

  #fail(id: string, node: GraphNode, classType: string, error: Error): void {
    const { reporter } = this.#around;
    const place = { node_id: id, node_type: classType, executed: this.#executed };
    if (error instanceof Interrupted) {
      reporter.message('execution_interrupted', place, 'client-or-all');
      return;
    }
    reporter.state(id, 'error');
    reporter.message('execution_error', { ...place, ...detailsOf(error, node), current_outputs: this.#prompt.outputs });
  }

  /** Holds and faults before a node runs. */
  async #faultsOf(classType: string): Promise<void> {
    const { world, interruption } = this.#around;
    const { isStrangers, id } = this.#prompt;
    await interruption.waitRegardless(world.gate.pass({ at: 'node', classType, strangers: isStrangers }, id));
    if (isStrangers) return;
    const fault = world.faults.take(['raise', 'stuck'], { classType });
    if (fault?.kind === 'raise') throw new NodeFailure(fault.type, fault.message);
    if (fault?.kind === 'stuck') await interruption.waitRegardless(new Promise(() => undefined));
  }

  #contextOf(id: string, classType: string): RunContext {
    const { world, interruption, reporter } = this.#around;
    const { settings, disk } = world;
    return {
      settings,
      disk,
      promptId: this.#prompt.id,
      graph: this.#prompt.graph,
      load: () => interruption.pause(settings.loadMs, false),
      step: async (value, max, preview) => {
        interruption.check();
        reporter.state(id, 'running', value, max);
        if (preview && this.#wantsPreviews) await reporter.preview(id, await preview());
        reporter.progress(id, value, max);
        if (classType === 'KSampler') await this.#afterStep(value);
      },
    };
  }

  /** The holds, faults and the time of a sampling step. */
  async #afterStep(step: number): Promise<void> {
    const { world, sockets, interruption } = this.#around;
    const { isStrangers, id } = this.#prompt;
    await interruption.wait(world.gate.pass({ at: 'step', step, strangers: isStrangers }, id));
    await interruption.pause(world.settings.stepMs, true);
    const fault = isStrangers
      ? undefined
      : world.faults.take(['restart', 'drop-sockets', 'silence-sockets', 'interrupt'], { step });
    switch (fault?.kind) {
      case 'restart':
        void world.restart();
        break;
      case 'drop-sockets':
        sockets.drop();
        break;
      case 'silence-sockets':
        sockets.silence();
        break;
      case 'interrupt':
        interruption.request();
        break;
      case undefined:
        break;
    }
    interruption.check();
  }

  get #wantsPreviews(): boolean {
    const { previews, version } = this.#around.world.settings;
    const method = abilitiesOf(version).strict ? this.#prompt.extraData.preview_method : undefined;
    return typeof method === 'string' && method !== 'default' ? method !== 'none' : previews;
  }

  #inputsOf(node: GraphNode): Inputs {
    const constants = new Map<string, unknown>();
    const links = new Map<string, Value>();
    for (const [name, value] of Object.entries(node.inputs)) {
      const link = linkOf(value);
      const linked = link && this.#results.get(link[0])?.outputs[link[1]];
      if (linked) links.set(name, linked);
      else constants.set(name, value);
    }
    return new Inputs(constants, links);
  }

  #outputs(omitted: ReadonlyMap<string, unknown>): HistoryEntry['outputs'] {
    return Object.fromEntries(
      this.#prompt.outputs.flatMap((id) => {
        const ui = this.#results.get(id)?.ui;
        return ui && !omitted.has(id) ? [[id, ui]] : [];
      }),
    );
  }
}
