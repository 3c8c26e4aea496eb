import { Mutex } from 'async-mutex';
import { abortable } from '../../images/abortable.ts';
import { MixFailure } from '../../mix/failure.ts';
import { noticeOfImage } from '../../mix/imageWarning.ts';
import { StateSaver } from '../stateSaver.ts';
import { ServiceClient } from './client.ts';
import type { HostedJobOptions } from './hostedJobOptions.ts';
import type { RequestState } from './hostedState.ts';
import { JobReport } from './jobReport.ts';
import { firstPollDelay, pollForResults } from './polling.ts';
import { describeError, redactUrl } from './redaction.ts';
import { deliverResults } from './resultDelivery.ts';
import { interruptedFailure } from './serviceFailure.ts';
import { ServiceRecords } from './serviceRecords.ts';
import { forgetUnreachable, type SourceLink } from './sourceLink.ts';
import { submitMix } from './submission.ts';
import { uploadSources } from './upload.ts';

/** One run of a job: continues every request of its state from its phase until its results are delivered. */
export class HostedJob {
  readonly #options: HostedJobOptions;
  readonly #report: JobReport;
  readonly #records: ServiceRecords;
  readonly #saver: StateSaver;
  /** Submissions run one after the other; polling and downloads run concurrently. */
  readonly #submissions = new Mutex();
  #links: Promise<SourceLink[]> | undefined;
  #client: Promise<ServiceClient> | undefined;
  #hasFailed = false;

  constructor(options: HostedJobOptions) {
    const { store, state, context } = options;
    this.#options = options;
    const report = new JobReport(options);
    this.#report = report;
    this.#records = new ServiceRecords({
      store,
      signal: context.signal,
      onError: (code) => report.log('warn', 'records-unavailable', { code }),
    });
    this.#saver = new StateSaver(state, context, (code) => report.log('warn', 'state-not-saved', { code }));
  }

  /** Resolves when every result is delivered. If requests fail, the others are completed before the first failure is thrown. */
  async run(): Promise<void> {
    const { state, context } = this.#options;
    const outcomes = await Promise.allSettled(state.requests.map((request) => this.#completeRequest(request)));
    context.signal.throwIfAborted();
    const failed = outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected' ? [{ number: index + 1, reason: outcome.reason as unknown }] : [],
    );
    const [first] = failed;
    if (!first) return;
    for (const { number, reason } of failed) {
      if (reason !== first.reason) this.#report.log('warn', 'request-failed', { number, error: describeError(reason) });
    }
    throw first.reason;
  }

  async #completeRequest(request: RequestState): Promise<void> {
    try {
      let delay = 0;
      if (request.phase === 'posting') throw interruptedFailure('restarted', this.#options.service);
      if (request.phase === 'new') {
        delay = firstPollDelay(await this.#submissions.runExclusive(() => this.#submitNext(request)));
      }
      if (request.phase === 'new') return; // not submitted, because an earlier request failed
      if (request.phase === 'accepted') await this.#poll(request, delay);
      await this.#deliver(request);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** Submits the request, unless an earlier one has failed: then no more work is paid for. */
  async #submitNext(request: RequestState): Promise<number | undefined> {
    if (this.#hasFailed) return undefined;
    try {
      return await this.#submit(request);
    } catch (error) {
      this.#hasFailed = true; // before the next one has its turn
      throw error;
    }
  }

  /** Resolves with the service's estimate in seconds. */
  async #submit(request: RequestState): Promise<number | undefined> {
    const { task, context } = this.#options;
    const report = this.#report;
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
        ...this.#options,
        client,
        records: this.#records,
        saver: this.#saver,
        signal: context.signal,
        onWait: (delay, reason) => report.waiting(delay, 'submission-waits', { reason }),
        onAttempt: () => {
          report.log('info', 'submitted', { seed: request.seed, samples: request.samples });
          report.progress({ stage: 'mixing' });
        },
      });
      report.log('info', 'accepted', { phase: request.phase, id: request.id ?? '', eta: eta ?? '' });
      return eta;
    } catch (error) {
      throw await forgetUnreachable(error, links, this.#records);
    }
  }

  /** The links of all sources. @throws MixFailure `upload-not-allowed`. */
  async #uploadSources(client: ServiceClient): Promise<SourceLink[]> {
    const { task, context } = this.#options;
    const report = this.#report;
    const hasFiles = task.sources.some(({ location }) => location.kind === 'file');
    if (hasFiles && !task.mayUpload) throw new MixFailure('upload-not-allowed');
    return uploadSources(task.sources, {
      ...this.#options,
      client,
      records: this.#records,
      signal: context.signal,
      onProgress: (done, total) => report.uploading(done, total),
      onRetry: ({ name }, reason, delay) => report.waiting(delay, 'upload-retried', { image: name, reason }),
      onWarning: ({ name }, warning) => report.notice(noticeOfImage(warning, name)),
      onLink: ({ name }, link) => report.log('debug', 'source-linked', { image: name, link: redactUrl(link) }),
    });
  }

  async #poll(request: RequestState, firstDelay: number): Promise<void> {
    const { context, clock } = this.#options;
    const client = await this.#getClient();
    const estimate = clock.monotonic() + firstDelay;
    const reportMixing = () => {
      const etaSeconds = (estimate - clock.monotonic()) / 1000;
      this.#report.progress({ stage: 'mixing', ...(etaSeconds > 0 ? { etaSeconds } : {}) });
    };
    reportMixing();
    try {
      await pollForResults(request, {
        ...this.#options,
        client,
        signal: context.signal,
        firstDelay,
        onPoll: (outcome, delay) => {
          this.#report.log('debug', 'polled', { id: request.id ?? '', outcome, next: delay / 1000 });
          if (outcome === 'processing') reportMixing();
          else this.#report.progress({ stage: 'queued', etaSeconds: delay / 1000 });
        },
      });
    } catch (error) {
      // Links that failed in an earlier run may work by now.
      if (!(error instanceof MixFailure) || request.links.length === 0) throw error;
      request.phase = 'answered';
    } finally {
      await this.#saver.saveAfterResponse();
    }
  }

  async #deliver(request: RequestState): Promise<void> {
    try {
      await deliverResults(request, { ...this.#options, report: this.#report });
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      // The links may have expired, so the next run polls for new ones first.
      if (request.id !== undefined || request.fetchUrl !== undefined) request.phase = 'accepted';
      await this.#saver.saveAfterResponse();
      throw error;
    }
  }

  /** The client, created on first use. @throws MixFailure `no-api-key…`, or the signal's reason. */
  #getClient(): Promise<ServiceClient> {
    this.#client ??= this.#createClient();
    return this.#client;
  }

  async #createClient(): Promise<ServiceClient> {
    const { service, context } = this.#options;
    const key = await abortable(this.#options.apiKey(service.origin), context.signal);
    return new ServiceClient({ ...this.#options, key });
  }
}
