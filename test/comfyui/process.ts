import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { PromptEnding } from './controls.ts';
import type { TextEvent } from './events.ts';
import { Execution } from './executor.ts';
import { History } from './history.ts';
import { Interruption, ProcessEnded } from './interruption.ts';
import { NodeCache } from './nodeCache.ts';
import { type Prompt, PromptQueue } from './queue.ts';
import { Reporter } from './reporter.ts';
import { Sockets } from './sockets.ts';
import { strangersGraph } from './stranger.ts';
import { abilitiesOf } from './version.ts';
import type { World } from './world.ts';

/** One life of the server's process: what a restart loses, and the worker that runs one prompt after another. */
export class Process {
  readonly world: World;
  readonly queue = new PromptQueue();
  readonly history = new History();
  readonly sockets: Sockets;
  readonly #cache = new NodeCache();
  readonly #end = new AbortController();
  #interruption: Interruption | undefined;
  #reporter: Reporter | undefined;
  /** Whether the process does nothing more, and restarts after its reply. */
  #isDoomed = false;
  #work: Promise<void> | undefined;
  /** Set while a finished prompt waits for requests for its history. */
  #late: { readonly promptId: string; left: number; readonly resolve: () => void } | undefined;

  constructor(world: World) {
    this.world = world;
    this.sockets = new Sockets(() => this.flags);
    // Starting wipes the temp folder.
    world.disk.removeAll('temp');
  }

  /** The server's feature flags; undefined if its version has none. */
  get flags(): Readonly<Record<string, unknown>> | undefined {
    const { version, uploadLimit } = this.world.settings;
    if (!abilitiesOf(version).features) return undefined;
    return { supports_preview_metadata: true, max_upload_size: uploadLimit };
  }

  get isDoomed(): boolean {
    return this.#isDoomed;
  }

  /** Adds the socket of a client, which is told the state of the queue and the node that runs for it. */
  connect(clientId: string, socket: WebSocket): void {
    const { data } = this.#status();
    const greeting: TextEvent[] = [{ type: 'status', data: { ...data, sid: clientId } }];
    const node = this.queue.running?.clientId === clientId ? this.#reporter?.currentNode : undefined;
    if (typeof node === 'string') greeting.push({ type: 'executing', data: { node } });
    this.sockets.add(clientId, socket, greeting);
  }

  /** Queues a prompt, and strangers' prompts ahead of a client's if the settings say so. */
  submit(
    order: Omit<Prompt, 'number' | 'createdAt'>,
    place: { front?: boolean; number?: number | undefined } = {},
  ): Prompt {
    if (!order.isStrangers) for (const stranger of this.world.settings.strangersAhead) this.submitStranger(stranger);
    const number = place.number ?? this.queue.nextNumber(place.front ?? false);
    const prompt = { ...order, number, createdAt: Date.now() };
    this.queue.add(prompt);
    this.#announce();
    if (!prompt.isStrangers && this.world.faults.take(['delete-pending'])) this.remove(({ id }) => id === prompt.id);
    if (!prompt.isStrangers && this.world.faults.take(['restart-on-arrival'])) this.#isDoomed = true;
    if (this.#end.signal.aborted) this.#ended(prompt.id, 'lost');
    else if (!this.#isDoomed) this.#work ??= this.#workOff();
    return prompt;
  }

  submitStranger({ clientId, steps = 3 }: { clientId?: string; steps?: number }): string {
    const id = randomUUID();
    const graph = strangersGraph(this.world.settings, steps, id);
    const extraData = clientId === undefined ? {} : { client_id: clientId };
    this.submit({ id, graph, outputs: ['save'], clientId, isStrangers: true, extraData });
    return id;
  }

  /** Removes pending prompts without a trace. */
  remove(isRemoved: (prompt: Prompt) => boolean): boolean {
    const removed = this.queue.remove(isRemoved);
    for (const { id } of removed) this.#ended(id, 'deleted');
    if (removed.length > 0) this.#announce();
    return removed.length > 0;
  }

  /** Interrupts the running prompt, if it has this id or none is given. Returns whether it does. */
  interrupt(promptId: string | undefined): boolean {
    const { running } = this.queue;
    if (!running || (promptId !== undefined && running.id !== promptId)) return false;
    this.#interruption?.request();
    return true;
  }

  /** Counts a request for the history of a prompt. */
  historyAsked(promptId: string): void {
    if (this.#late?.promptId === promptId && --this.#late.left <= 0) this.#late.resolve();
  }

  clearCache(): void {
    this.#cache.clear();
  }

  /** Resolves once nothing runs or waits. */
  async idle(): Promise<void> {
    await this.#work;
  }

  /** Ends the process: everything that it does stops, and its sockets close. */
  end(): void {
    if (this.#end.signal.aborted) return;
    const { running, pending } = this.queue;
    for (const { id } of running ? [running, ...pending] : pending) this.#ended(id, 'lost');
    this.#end.abort();
    this.sockets.drop();
  }

  async #workOff(): Promise<void> {
    // The reply goes out first: mixing keeps the thread busy.
    await setImmediate();
    try {
      while (this.queue.pending[0]) {
        const waiting = new Interruption(this.#end.signal);
        const { id, isStrangers } = this.queue.pending[0];
        await waiting.waitRegardless(this.world.gate.pass({ at: 'queue', strangers: isStrangers }, id));
        const prompt = this.queue.take();
        if (prompt) await this.#execute(prompt);
      }
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
    } finally {
      this.#work = undefined;
    }
  }

  async #execute(prompt: Prompt): Promise<void> {
    const { world, sockets } = this;
    this.#announce();
    const interruption = new Interruption(this.#end.signal);
    this.#interruption = interruption;
    const reporter = new Reporter(prompt, sockets, abilitiesOf(world.settings.version).features);
    this.#reporter = reporter;
    const execution = new Execution(prompt, { world, sockets, cache: this.#cache, interruption, reporter });
    const ending = await execution.run();
    await interruption.waitRegardless(world.gate.pass({ at: 'history', strangers: prompt.isStrangers }, prompt.id));
    if (!prompt.isStrangers) await interruption.waitRegardless(this.#historyRequests(prompt.id));
    this.history.write(prompt, ending);
    this.#ended(prompt.id, ending.succeeded ? 'success' : 'failed');
    this.queue.finish();
    this.#interruption = undefined;
    if (!prompt.isStrangers && world.faults.take(['forget-history'])) this.history.clear();
    if (!prompt.isStrangers && world.faults.take(['remove-outputs'])) {
      world.disk.removeAll('output');
      world.disk.removeAll('temp');
    }
    this.#announce();
    reporter.executing(null);
  }

  #ended(promptId: string, outcome: PromptEnding['outcome']): void {
    this.world.endings.push({ promptId, outcome });
  }

  async #historyRequests(promptId: string): Promise<void> {
    const { lateHistory } = this.world.settings;
    if (lateHistory <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#late = { promptId, left: lateHistory, resolve };
    await promise;
    this.#late = undefined;
  }

  #status(): TextEvent {
    return { type: 'status', data: { status: { exec_info: { queue_remaining: this.queue.remaining } } } };
  }

  #announce(): void {
    this.sockets.send(undefined, this.#status());
    if (this.world.settings.extraEvents) this.sockets.sendExtras();
  }
}
