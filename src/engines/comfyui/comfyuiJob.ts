import { Mutex } from 'async-mutex';
import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import { noticeOfImage } from '../../mix/imageWarning.ts';
import { makeNotice } from '../../mix/notice.ts';
import type { Clock } from '../clock.ts';
import { JobSuspended, type MixContext, type MixTask } from '../engine.ts';
import { StateSaver } from '../stateSaver.ts';
import type { ComfyuiLogEvent } from './comfyuiEngine.ts';
import type { ComfyuiServer } from './comfyuiServer.ts';
import type { ComfyuiSettings } from './comfyuiSettings.ts';
import { type ComfyuiState, isPending, type SampleState } from './comfyuiState.ts';
import { executionFailure } from './executionFailure.ts';
import type { BuiltGraph, Graph } from './graph.ts';
import { MixProgress } from './mixProgress.ts';
import { type PatienceContext, patiently } from './patience.ts';
import { cancelPrompts } from './promptCancel.ts';
import { PromptFeed } from './promptFeed.ts';
import { resolvePosting, submitPrompt } from './promptSubmission.ts';
import { watchPrompt } from './promptWatch.ts';
import { type FetchedResult, fetchResult } from './resultFetch.ts';
import { isLoaded, type MixParts, readNodeInfos, sampleGraph } from './sampleGraph.ts';
import { type UploadedNames, uploadSources } from './sourceUpload.ts';
import { StepMeter } from './stepMeter.ts';
import { wakeableSleep } from './wakeableSleep.ts';
import type { HistoryEntry } from './wire/history.ts';
import type { NodeInfos } from './workflowBinding.ts';

/** Milliseconds that the first prompt waits for the socket, so that its events aren't missed. */
const socketWait = 3_000;

/** What one run of a job needs. */
export interface ComfyuiJobOptions {
  readonly task: MixTask;
  readonly settings: ComfyuiSettings;
  readonly context: MixContext;
  readonly server: ComfyuiServer;
  readonly state: ComfyuiState;
  /** The images that the server has. */
  readonly uploaded: UploadedNames;
  /** Milliseconds that a prompt may run without progress. */
  readonly timeout: number;
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly clock: Clock;
  newId(): string;
  readonly log: (event: ComfyuiLogEvent) => void;
}

/** One run of a job on its server: continues every sample from its phase until its result is delivered. */
export class ComfyuiJob {
  readonly #options: ComfyuiJobOptions;
  readonly #saver: StateSaver;
  readonly #progress: MixProgress;
  readonly #patience: PatienceContext;
  /** Prompts are sent in the order of the samples. */
  readonly #submissions = new Mutex();
  /** By the index of the sample. */
  readonly #feeds = new Map<number, PromptFeed>();
  #infos: Promise<NodeInfos> | undefined;
  #files: Promise<readonly string[]> | undefined;
  #hasFailed = false;

  constructor(options: ComfyuiJobOptions) {
    const { state, context, clock } = options;
    this.#options = options;
    this.#saver = new StateSaver(state, context, (code) => this.#log('warn', 'state-not-saved', { code }));
    this.#progress = new MixProgress({
      clock,
      samples: state.samples.length,
      delivered: context.delivered,
      report: (progress) => context.progress(progress),
    });
    this.#patience = {
      clock,
      signal: context.signal,
      onWait: ({ key }, delay) => this.#log('info', 'waiting', { reason: key, seconds: delay / 1000 }),
    };
  }

  /** Resolves when every result is delivered. If samples fail, the others are completed before the first failure is thrown. */
  async run(): Promise<void> {
    const { state, context, server } = this.#options;
    const { signal } = context;
    this.#log('info', 'server-chosen', { server: server.address.name, version: state.serverVersion });
    try {
      const runs = state.samples.map((sample, index) => this.#complete(sample, index));
      const outcomes = await Promise.allSettled(runs);
      if (signal.aborted && !(signal.reason instanceof JobSuspended)) await this.#cancel();
      signal.throwIfAborted();
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
    } finally {
      for (const feed of this.#feeds.values()) feed.close();
    }
  }

  async #complete(sample: SampleState, index: number): Promise<void> {
    if (this.#options.context.delivered.has(index)) {
      sample.phase = 'done';
      return;
    }
    if (sample.phase === 'done') this.#renew(sample); // what it delivered is gone
    try {
      for (let isOver = false; !isOver; ) isOver = await this.#attempt(sample, index);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** One prompt of a sample. @returns whether the sample is over; otherwise it needs another prompt. */
  async #attempt(sample: SampleState, index: number): Promise<boolean> {
    const { server, timeout } = this.#options;
    const feed = this.#follow(sample, index);
    if (sample.phase === 'posting') {
      await resolvePosting(sample, { ...this.#patience, server, saver: this.#saver });
    }
    if (sample.phase === 'new') await this.#submissions.runExclusive(() => this.#submit(sample, feed));
    if (sample.phase === 'new') return true; // not sent, because an earlier one failed
    const entry = await watchPrompt(sample.promptId, feed, {
      ...this.#patience,
      server,
      timeout,
      onPlace: (place) => {
        if (place.kind === 'pending') this.#progress.update(index, { kind: 'queued', ahead: place.ahead });
        else this.#progress.update(index, { kind: 'running', fraction: feed.fraction });
      },
    });
    return entry ? this.#settle(entry, sample, index) : this.#replaceLost(sample, feed);
  }

  /** Listens to what the socket says about a sample's prompt. */
  #follow(sample: SampleState, index: number): PromptFeed {
    const { server, clock, context, state } = this.#options;
    this.#feeds.get(index)?.close();
    const feed: PromptFeed = new PromptFeed({
      promptId: sample.promptId,
      socket: server.socket,
      clock,
      meter: new StepMeter(this.#sampledGraph()),
      output: () => state.output,
      onProgress: () => this.#progress.update(index, { kind: 'running', fraction: feed.fraction }),
      onPreview: (image) => context.preview(image),
    });
    this.#feeds.set(index, feed);
    return feed;
  }

  /** A graph with the samplers of the job's graphs. */
  #sampledGraph(): Graph {
    const { settings, task, state } = this.#options;
    if (settings.workflow) return settings.workflow.graph;
    return sampleGraph({ task, settings, plan: state.plan, infos: new Map() }, [], 0).graph;
  }

  /** Sends the prompt of a sample, unless an earlier one has failed. */
  async #submit(sample: SampleState, feed: PromptFeed): Promise<void> {
    const { server, state, context } = this.#options;
    context.signal.throwIfAborted();
    if (this.#hasFailed) return;
    try {
      await submitPrompt(sample, {
        ...this.#patience,
        server,
        serverVersion: state.serverVersion,
        saver: this.#saver,
        build: (isAgain) => this.#build(sample, isAgain),
        onAttempt: () => {
          feed.begin();
          this.#log('info', 'submitted', { prompt: sample.promptId, seed: sample.seed });
        },
      });
      this.#log('info', 'accepted', { prompt: sample.promptId });
    } catch (error) {
      this.#hasFailed = true; // before the next one has its turn
      throw error;
    }
  }

  async #build(sample: SampleState, isAgain: boolean): Promise<BuiltGraph> {
    const { task, settings, state, server, context, uploaded } = this.#options;
    const { workflow } = settings;
    this.#infos ??= workflow
      ? patiently(() => readNodeInfos(server.client, workflow.graph, context.signal), this.#patience)
      : Promise.resolve(new Map());
    const parts: MixParts = { task, settings, plan: state.plan, infos: await this.#infos };
    sampleGraph(parts, [], sample.seed); // what doesn't fit the workflow is said before anything is uploaded
    if (isAgain) {
      uploaded.clear();
      this.#files = undefined;
    }
    this.#files ??= this.#upload();
    const built = sampleGraph(parts, await this.#files, sample.seed);
    for (const notice of built.notices) context.notice(notice);
    state.output = built.output;
    return built;
  }

  /** Uploads what the graph loads, while the socket connects. @returns a name for each source, empty for those that aren't loaded. */
  async #upload(): Promise<readonly string[]> {
    const { task, settings, server, context } = this.#options;
    const loaded = isLoaded(task, settings);
    const names = await uploadSources(
      task.sources.filter((_, at) => loaded[at]),
      {
        ...this.#options,
        ...this.#patience,
        client: server.client,
        onProgress: (done, total) => context.progress({ stage: 'uploading', done, total }),
        onWarning: ({ name }, warning) => context.notice(noticeOfImage(warning, name)),
        onUploaded: ({ name }, file) => this.#log('debug', 'uploaded', { image: name, file }),
      },
    );
    await this.#awaitSocket();
    const all = [...names];
    return loaded.map((isOne) => (isOne ? all.shift() : undefined) ?? '');
  }

  async #awaitSocket(): Promise<void> {
    const { server, clock, context } = this.#options;
    const opened = new AbortController();
    void server.socket.opened().then(() => opened.abort());
    await wakeableSleep(clock, socketWait, opened.signal, context.signal);
  }

  /** Delivers the result of a prompt that is over. */
  async #settle(entry: HistoryEntry, sample: SampleState, index: number): Promise<boolean> {
    const { server, state, codec, task } = this.#options;
    const args = { server: server.address.name };
    this.#log('info', 'finished', { prompt: sample.promptId, outcome: entry.outcome });
    switch (entry.outcome) {
      case 'failed':
        return this.#giveUp(sample, executionFailure(entry.error, args.server));
      case 'interrupted':
        return this.#giveUp(sample, new MixFailure('generation-failed/comfyui-interrupted', { args }));
      case 'success': {
        const [file] = entry.images.get(state.output) ?? [];
        if (!file) return this.#giveUp(sample, new MixFailure('generation-failed/comfyui-no-image', { args }));
        this.#progress.update(index, { kind: 'fetching' });
        const { format = 'png' } = task;
        const result = await fetchResult(file, { ...this.#patience, client: server.client, codec, format });
        if (!result) return this.#retry(sample, 'result-removed');
        await this.#deliver(result, sample, index);
        return true;
      }
    }
  }

  async #deliver({ bytes, width, height, isFlattened }: FetchedResult, sample: SampleState, index: number) {
    const { task, settings, state, context } = this.#options;
    const { recipe, format = 'png' } = task;
    if (width !== recipe.width || height !== recipe.height) {
      const [size, asked] = [`${width} × ${height}`, `${recipe.width} × ${recipe.height}`];
      context.notice(makeNotice('size-differs', { size, asked }));
    }
    if (isFlattened) context.notice(makeNotice('transparency-lost'));
    const { plan } = state;
    // Not abandoned if the job is aborted: the next run must know whether this result is in the project.
    await context.deliver({
      index,
      seed: sample.seed,
      bytes,
      format,
      engineVersion: state.serverVersion,
      ...(plan ? { model: plan.kind === 'adapter' ? plan.checkpoint : plan.model.file } : {}),
      ...(plan?.kind === 'adapter' ? { comfyui: { preset: plan.preset, imageStrength: settings.imageStrength } } : {}),
    });
    sample.phase = 'done';
    this.#progress.update(index, { kind: 'done' });
    this.#log('info', 'delivered', { number: index + 1, bytes: bytes.length, format });
    if (state.samples.some(({ phase }) => phase !== 'done')) await this.#saver.saveAfterResponse();
  }

  /** What to do about a prompt that the server doesn't know any more. */
  async #replaceLost(sample: SampleState, { hasGaps, hasStarted }: PromptFeed): Promise<boolean> {
    if (hasGaps || hasStarted) return this.#retry(sample, 'prompt-lost');
    // The server was there all the time, so it was somebody's decision.
    const args = { server: this.#options.server.address.name };
    return this.#giveUp(sample, new MixFailure('generation-failed/comfyui-removed', { args }));
  }

  /** Replaces a prompt whose result can't be had, once: the server may lose every one. */
  async #retry(sample: SampleState, event: string): Promise<boolean> {
    const args = { server: this.#options.server.address.name };
    this.#log('warn', event, { prompt: sample.promptId });
    if (sample.isRetried) return this.#giveUp(sample, new MixFailure('generation-failed/comfyui-lost', { args }));
    this.#renew(sample);
    sample.isRetried = true;
    return false;
  }

  /** @throws the failure, once it is on disk that the prompt is over. */
  async #giveUp(sample: SampleState, failure: MixFailure): Promise<never> {
    this.#renew(sample);
    await this.#saver.saveAfterResponse();
    throw failure;
  }

  /** Another run sends a new prompt, and doesn't mistake the history of the old one for it. */
  #renew(sample: SampleState): void {
    sample.promptId = this.#options.newId();
    sample.phase = 'new';
    sample.isRetried = false;
  }

  async #cancel(): Promise<void> {
    const { state, server, clock } = this.#options;
    const pending = state.samples.filter(isPending);
    if (pending.length === 0) return;
    const ids = pending.map(({ promptId }) => promptId);
    const mayArrive = pending.some(({ phase }) => phase === 'posting');
    const failure = await cancelPrompts(server.client, ids, { clock, mayArrive });
    if (failure) this.#log('warn', 'not-canceled', { reason: failure.key });
    else this.#log('info', 'canceled', { prompts: ids.length });
  }

  #log(level: ComfyuiLogEvent['level'], event: string, args: ComfyuiLogEvent['args']): void {
    this.#options.log({ level, jobId: this.#options.task.jobId, event, args });
  }
}
