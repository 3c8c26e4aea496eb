import { Mutex } from 'async-mutex';
import { MixFailure } from '../../mix/failure.ts';
import { makeNotice } from '../../mix/notice.ts';
import { StateSaver } from '../stateSaver.ts';
import type { ComfyuiLogEvent } from './comfyuiEngine.ts';
import { type ComfyuiJobOptions, logJob } from './comfyuiJobOptions.ts';
import type { SampleState } from './comfyuiState.ts';
import { executionFailure } from './executionFailure.ts';
import { JobGraphs } from './jobGraphs.ts';
import { MixProgress } from './mixProgress.ts';
import { isOutage, type PatienceContext, patiently } from './patience.ts';
import { cancelPrompts } from './promptCancel.ts';
import { PromptFeed } from './promptFeed.ts';
import type { PromptPlace } from './promptPlace.ts';
import { resolvePosting, type SubmissionContext, submitPrompt } from './promptSubmission.ts';
import { type PromptEnd, watchPrompt } from './promptWatch.ts';
import { fetchResult } from './resultFetch.ts';
import { deliverSample } from './sampleDelivery.ts';
import { requireVersion } from './serverVersion.ts';
import { StepMeter } from './stepMeter.ts';
import type { HistoryEntry } from './wire/history.ts';

/** One run of a job on its server: continues every sample from its phase until its result is delivered. */
export class ComfyuiJob {
  readonly #options: ComfyuiJobOptions;
  readonly #saver: StateSaver;
  readonly #progress: MixProgress;
  readonly #patience: PatienceContext;
  /** For what is done before a prompt is on the server. */
  readonly #beforehand: PatienceContext;
  readonly #graphs: JobGraphs;
  /** Prompts are sent in the order of the samples. */
  readonly #submissions = new Mutex();
  /** By the index of the sample. */
  readonly #feeds = new Map<number, PromptFeed>();
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
      onWait: (failure, delay) => {
        this.#log('info', 'waiting', { reason: failure.key, seconds: delay / 1000 });
        if (isOutage(failure)) options.server.rest();
      },
    };
    // A sample is `posting` while its prompt is sent. What fails then without an answer hasn't sent it.
    const isUnsent = () => state.samples.every(({ phase }) => phase === 'new' || phase === 'posting');
    this.#beforehand = { ...this.#patience, givesUp: async () => isUnsent() && options.canMove() };
    this.#graphs = new JobGraphs(options, this.#beforehand);
  }

  /**
   * Resolves when every result is delivered. If samples fail, the others are completed before the first failure is thrown. If the job is
   * aborted, its prompts stay on the server.
   */
  async run(): Promise<void> {
    const { state, context, server } = this.#options;
    const { signal } = context;
    this.#log('info', 'server-chosen', { server: server.address.name, version: state.serverVersion });
    try {
      const runs = state.samples.map((sample, index) => this.#complete(sample, index));
      const outcomes = await Promise.allSettled(runs);
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
    const feed = this.#follow(sample, index);
    if (sample.phase === 'posting') await resolvePosting(sample, this.#submission(sample, feed));
    if (sample.phase === 'new') await this.#submissions.runExclusive(() => this.#submit(sample, feed));
    if (sample.phase === 'new') return true; // not sent, because an earlier one failed
    const entry = await this.#watch(sample, index, feed);
    return entry ? this.#settle(entry, sample, index) : this.#replaceLost(sample, feed);
  }

  /** Waits until a sample's prompt is over. */
  async #watch({ promptId }: SampleState, index: number, feed: PromptFeed): Promise<PromptEnd> {
    const { server, socket, timeout } = this.#options;
    const onPlace = (place: PromptPlace) => {
      if (place.kind === 'hidden') this.#progress.update(index, { kind: 'queued' });
      else if (place.kind === 'pending') this.#progress.update(index, { kind: 'queued', ahead: place.ahead });
      else this.#progress.update(index, { kind: 'running', fraction: feed.fraction });
    };
    server.prompts.add(promptId);
    try {
      return await watchPrompt(promptId, feed, { ...this.#patience, server, socket, timeout, onPlace });
    } finally {
      server.prompts.delete(promptId);
    }
  }

  /** Listens to what the socket says about a sample's prompt. */
  #follow(sample: SampleState, index: number): PromptFeed {
    const { socket, clock, context, state } = this.#options;
    this.#feeds.get(index)?.close();
    const feed: PromptFeed = new PromptFeed({
      promptId: sample.promptId,
      socket,
      clock,
      meter: new StepMeter(this.#graphs.outline),
      output: () => state.output,
      onProgress: () => this.#progress.update(index, { kind: 'running', fraction: feed.fraction }),
      onPreview: (image) => context.preview(image),
    });
    this.#feeds.set(index, feed);
    return feed;
  }

  /** Sends the prompt of a sample, unless an earlier one has failed. */
  async #submit(sample: SampleState, feed: PromptFeed): Promise<void> {
    this.#options.context.signal.throwIfAborted();
    if (this.#hasFailed) return;
    try {
      await this.#checkVersion();
      await submitPrompt(sample, this.#submission(sample, feed));
      this.#log('info', 'accepted', { prompt: sample.promptId });
    } catch (error) {
      this.#hasFailed = true; // before the next one has its turn
      throw error;
    }
  }

  /** The server may have been updated, or replaced by one that is too old, since it was chosen. */
  async #checkVersion(): Promise<void> {
    const { server, state, context } = this.#options;
    const { version } = await patiently(() => server.client.systemStats(context.signal), this.#beforehand);
    requireVersion(version, server.address);
    state.serverVersion = version;
  }

  #submission(sample: SampleState, feed: PromptFeed): SubmissionContext {
    const { server, socket, state } = this.#options;
    return {
      ...this.#beforehand,
      server,
      clientId: socket.clientId,
      saver: this.#saver,
      build: async (isAgain) => {
        const built = await this.#graphs.build(sample.seed, isAgain);
        state.output = built.output;
        return built;
      },
      takeBack: (promptId) => this.#takeBack(promptId),
      onAttempt: () => {
        feed.begin();
        this.#log('info', 'submitted', { prompt: sample.promptId, seed: sample.seed });
      },
      onResolved: (place) => {
        if (place === 'hidden') feed.addGap(); // perhaps it never arrived
        this.#log('info', 'answer-lost', { prompt: sample.promptId, place });
      },
    };
  }

  /** Cancels a prompt whose result can't be used. */
  async #takeBack(promptId: string): Promise<void> {
    const { server, clock, context } = this.#options;
    const failure = await cancelPrompts([{ promptId, phase: 'queued' }], server, clock);
    if (!failure) return;
    this.#log('warn', 'not-canceled', { prompt: promptId, reason: failure.key });
    context.notice(makeNotice('not-canceled', { server: server.address.name }));
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
        const result = await fetchResult(file, {
          ...this.#patience,
          hasPrompt: true,
          client: server.client,
          codec,
          format,
        });
        if (!result) return this.#retry(sample, 'result-removed');
        await deliverSample(result, { index, seed: sample.seed }, this.#options);
        sample.phase = 'done';
        this.#progress.update(index, { kind: 'done' });
        if (state.samples.some(({ phase }) => phase !== 'done')) await this.#saver.saveAfterResponse();
        return true;
      }
    }
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

  #log(...line: [level: ComfyuiLogEvent['level'], event: string, args: ComfyuiLogEvent['args']]): void {
    logJob(this.#options, ...line);
  }
}
