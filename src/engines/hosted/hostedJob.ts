import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import { makeNotice } from '../../mix/notice.ts';
import type { Progress } from '../../mix/progress.ts';
import type { Clock } from '../clock.ts';
import type { MixContext, MixTask } from '../engine.ts';
import { ServiceClient } from './client.ts';
import type { LogEvent, WriteLogEvent } from './engineLog.ts';
import type { HostedState, RequestState } from './hostedState.ts';
import { firstPollDelay, pollForResults } from './polling.ts';
import { redactUrl } from './redaction.ts';
import { downloadResult } from './resultDownload.ts';
import type { Service } from './service.ts';
import type { SharedStore } from './sharedStore.ts';
import { interruptedFailure, submitMix } from './submission.ts';
import type { Transport } from './transport.ts';
import { type SourceLink, uploadSources } from './upload.ts';

/** What all jobs of an engine share. */
export interface HostedJobServices {
  /** The API key that is stored for exactly this origin. */
  apiKey(origin: string): Promise<string | undefined>;
  readonly codec: Codec;
  /** Reads sources, and downloads results. */
  readonly reader: SourceReader;
  /** Records of recent uploads and submissions, shared by all windows. */
  readonly store: SharedStore;
  /** Whether files of this machine may be uploaded to the service. Called once per run that uploads any. */
  mayUpload(): Promise<boolean>;
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  readonly log: WriteLogEvent;
}

export interface HostedJobOptions extends HostedJobServices {
  readonly task: MixTask;
  readonly context: MixContext;
  readonly service: Service;
  readonly state: HostedState;
  readonly transport: Transport;
  readonly timeoutSeconds: number;
}

/** One run of a job: continues every request of its state from its phase until its results are delivered. */
export class HostedJob {
  readonly #options: HostedJobOptions;
  /** Submissions run one after the other; polling and downloads run concurrently. */
  #submissions: Promise<unknown> = Promise.resolve();
  #links: Promise<SourceLink[]> | undefined;
  #client: Promise<ServiceClient> | undefined;
  #hasFailed = false;
  #delivered = 0;

  constructor(options: HostedJobOptions) {
    this.#options = options;
    this.#delivered = options.context.delivered?.size ?? 0;
  }

  /** Resolves when every result is delivered. If a request fails, the others are completed before its failure is thrown. */
  async run(): Promise<void> {
    const { state, context } = this.#options;
    const outcomes = await Promise.allSettled(state.requests.map((request) => this.#completeRequest(request)));
    context.signal.throwIfAborted();
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #completeRequest(request: RequestState): Promise<void> {
    try {
      let delay = 0;
      if (request.phase === 'posting') throw interruptedFailure('restarted', this.#options.service);
      if (request.phase === 'new') {
        const submission = this.#submissions.then(() => this.#submit(request));
        this.#submissions = submission.catch(() => undefined); // a failure is thrown by the next line
        delay = firstPollDelay(await submission);
      }
      if (request.phase === 'new') return; // not submitted, because an earlier request failed
      if (request.phase === 'accepted') await this.#poll(request, delay);
      await this.#download(request);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** Submits the request, unless an earlier one has failed: then no more work is paid for. Resolves with the service's estimate in seconds. */
  async #submit(request: RequestState): Promise<number | undefined> {
    if (this.#hasFailed) return undefined;
    const { task, context, clock, store } = this.#options;
    const client = await this.#getClient();
    this.#links ??= this.#uploadSources(client);
    const links = await this.#links;
    const submission = {
      recipe: task.recipe,
      links: links.map(({ link }) => link),
      weights: task.sources.map(({ weight }) => weight),
      seed: request.seed,
      samples: request.samples,
    };
    try {
      const eta = await submitMix(request, submission, {
        client,
        store,
        clock,
        signal: context.signal,
        save: () => this.#save(),
        onWait: (delay, reason) => {
          this.#log('info', 'submission-waits', { reason, seconds: delay / 1000 });
          context.progress({ stage: 'queued', etaSeconds: delay / 1000 });
        },
        onAttempt: () => {
          this.#log('info', 'submitted', { seed: request.seed, samples: request.samples });
          this.#reportProgress({ stage: 'mixing' });
        },
      });
      this.#log('info', 'accepted', { phase: request.phase, id: request.id ?? '', eta: eta ?? '' });
      return eta;
    } catch (error) {
      if (!(error instanceof MixFailure) || error.key !== 'invalid-request/image-not-fetched') throw error;
      // A link that the service can't open must not be used again. The next run uploads the images again, which may help.
      const records = links.flatMap(({ record }) => record ?? []);
      for (const record of records) await store.remove(record);
      throw new MixFailure(error.key, {
        args: { message: error.args.message ?? '' },
        retryable: records.length > 0,
      });
    }
  }

  /** The links of all sources. @throws MixFailure `upload-not-allowed`. */
  async #uploadSources(client: ServiceClient): Promise<SourceLink[]> {
    const { task, context, mayUpload } = this.#options;
    const hasFiles = task.sources.some(({ location }) => location.kind === 'file');
    if (hasFiles && !(await mayUpload())) throw new MixFailure('upload-not-allowed');
    return uploadSources(task.sources, {
      ...this.#options,
      client,
      signal: context.signal,
      onProgress: (done, total) => context.progress({ stage: 'uploading', done, total }),
      onRetry: ({ name }, reason) => this.#log('warn', 'upload-retried', { image: name, reason }),
      onLink: ({ name }, link) => this.#log('debug', 'source-linked', { image: name, link: redactUrl(link) }),
    });
  }

  async #poll(request: RequestState, firstDelay: number): Promise<void> {
    const { context, clock, random, timeoutSeconds } = this.#options;
    const client = await this.#getClient();
    const start = clock.now();
    const report = () => {
      const etaSeconds = (start + firstDelay - clock.now()) / 1000;
      this.#reportProgress({ stage: 'mixing', ...(etaSeconds > 0 ? { etaSeconds } : {}) });
    };
    report();
    try {
      await pollForResults(request, {
        client,
        clock,
        random,
        signal: context.signal,
        timeout: timeoutSeconds * 1000,
        firstDelay,
        onPoll: (outcome, delay) => {
          this.#log('debug', 'polled', { id: request.id ?? '', outcome, next: delay / 1000 });
          report();
        },
      });
    } catch (error) {
      // Links that failed in an earlier run may work by now.
      if (!(error instanceof MixFailure) || request.links.length === 0) throw error;
      request.phase = 'answered';
    } finally {
      await this.#save();
    }
  }

  async #download(request: RequestState): Promise<void> {
    const { context } = this.#options;
    if (request.links.length < request.samples) {
      context.notice(makeNotice('fewer-results', { count: request.links.length, asked: request.samples }));
    }
    try {
      for (const [offset, link] of request.links.slice(0, request.samples).entries()) {
        const index = request.first + offset;
        if (!context.delivered?.has(index)) await this.#deliver(request, link, index);
      }
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      // The links may have expired, so the next run polls for new ones first.
      if (request.id !== undefined || request.fetchUrl !== undefined) request.phase = 'accepted';
      await this.#save();
      throw error;
    }
  }

  async #deliver(request: RequestState, link: string, index: number): Promise<void> {
    const { context, service } = this.#options;
    this.#reportProgress({ stage: 'downloading' });
    const { bytes, format, isBlank } = await downloadResult(link, {
      ...this.#options,
      signal: context.signal,
      onRetry: (reason, delay) =>
        this.#log('info', 'download-retried', { link: redactUrl(link), reason, next: delay / 1000 }),
    });
    if (isBlank) context.notice(makeNotice('blank-result', { number: index + 1 }));
    await context.deliver({
      index,
      seed: request.seed,
      bytes,
      format,
      ...(request.id === undefined ? {} : { serviceId: request.id }),
      engineVersion: service.dialect.name,
    });
    this.#delivered++;
    this.#log('info', 'delivered', { number: index + 1, bytes: bytes.length, format });
  }

  /** The client, created on first use. @throws MixFailure `no-api-key`. */
  #getClient(): Promise<ServiceClient> {
    this.#client ??= this.#createClient();
    return this.#client;
  }

  async #createClient(): Promise<ServiceClient> {
    const { apiKey, service, transport, clock } = this.#options;
    const key = await apiKey(service.origin);
    if (!key) throw new MixFailure('no-api-key', { args: { origin: service.origin } });
    return new ServiceClient({ service, key, transport, clock });
  }

  #save(): Promise<void> {
    return this.#options.context.save(this.#options.state);
  }

  /** Reports progress, with the number of delivered results if the job has several samples. */
  #reportProgress(progress: Progress): void {
    const total = this.#options.task.recipe.samples;
    this.#options.context.progress(total > 1 ? { ...progress, done: this.#delivered, total } : progress);
  }

  #log(level: LogEvent['level'], event: string, args: LogEvent['args']): void {
    this.#options.log({ level, jobId: this.#options.task.jobId, event, args });
  }
}
