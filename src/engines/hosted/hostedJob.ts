import { MixFailure } from '../../mix/failure.ts';
import type { Progress } from '../../mix/progress.ts';
import type { MixContext, MixTask, TaskSource } from '../engine.ts';
import { ServiceClient } from './client.ts';
import type { LogEvent } from './engineLog.ts';
import type { HostedEngineOptions } from './hostedEngine.ts';
import type { HostedState, RequestState } from './hostedState.ts';
import { firstPause, pollForResults } from './polling.ts';
import { redactUrl } from './redaction.ts';
import { downloadResult } from './resultDownload.ts';
import type { Service } from './service.ts';
import { interrupted, submitMix } from './submission.ts';
import type { Transport } from './transport.ts';
import { prepareSource, type SourceLink } from './upload.ts';

export interface HostedJobOptions extends HostedEngineOptions {
  readonly task: MixTask;
  readonly context: MixContext;
  readonly service: Service;
  readonly state: HostedState;
  readonly transport: Transport;
  readonly timeoutSeconds: number;
}

/** One run of a job: takes every request of its state from where it is to the end. */
export class HostedJob {
  readonly #options: HostedJobOptions;
  /** Requests go out one after the other; what follows an order runs side by side. */
  #orders: Promise<unknown> = Promise.resolve();
  #links: Promise<SourceLink[]> | undefined;
  #client: Promise<ServiceClient> | undefined;
  #hasFailed = false;
  #delivered = 0;

  constructor(options: HostedJobOptions) {
    this.#options = options;
    this.#delivered = options.context.delivered?.size ?? 0;
  }

  /** Resolves when every picture was delivered. What can still be had is brought in before the first failure is thrown. */
  async finish(): Promise<void> {
    const { state, context } = this.#options;
    const ends = await Promise.allSettled(state.requests.map((request) => this.#bringIn(request)));
    context.signal.throwIfAborted();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #bringIn(request: RequestState): Promise<void> {
    try {
      let pause = 0;
      if (request.phase === 'posting') throw interrupted('restarted', this.#options.service);
      if (request.phase === 'new') {
        const order = this.#orders.then(() => this.#order(request));
        this.#orders = order.catch(() => undefined); // told to whoever awaits the order itself
        pause = firstPause(await order);
      }
      if (request.phase === 'new') return; // an earlier one failed
      if (request.phase === 'accepted') await this.#poll(request, pause);
      await this.#download(request);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** Orders the request, unless an earlier one failed: nothing more is paid for then. Resolves with the service's estimate in seconds. */
  async #order(request: RequestState): Promise<number | undefined> {
    if (this.#hasFailed) return undefined;
    const { task, context, clock, store } = this.#options;
    const client = await this.#ready();
    this.#links ??= this.#collectLinks(client);
    const links = await this.#links;
    const order = {
      recipe: task.recipe,
      links: links.map(({ link }) => link),
      weights: task.sources.map(({ weight }) => weight),
      seed: request.seed,
      samples: request.samples,
    };
    try {
      const eta = await submitMix(request, order, {
        client,
        store,
        clock,
        signal: context.signal,
        save: () => this.#save(),
        onWait: (ms, why) => {
          this.#log('info', 'order-waits', { why, seconds: ms / 1000 });
          context.progress({ stage: 'queued', etaSeconds: ms / 1000 });
        },
        onPost: () => {
          this.#log('info', 'ordered', { seed: request.seed, samples: request.samples });
          this.#report({ stage: 'mixing' });
        },
      });
      this.#log('info', 'order-taken', { phase: request.phase, id: request.id ?? '', eta: eta ?? '' });
      return eta;
    } catch (error) {
      if (!(error instanceof MixFailure) || error.key !== 'invalid-request/image-not-fetched') throw error;
      // A link that the service can't open any more must not be used again. The next try uploads anew and so may succeed.
      const records = links.flatMap(({ record }) => record ?? []);
      for (const record of records) await store.remove(record);
      throw new MixFailure(error.key, {
        args: { message: error.args.message ?? '' },
        retryable: records.length > 0,
      });
    }
  }

  async #collectLinks(client: ServiceClient): Promise<SourceLink[]> {
    const { task, context, mayUpload } = this.#options;
    const files = task.sources.filter(({ location }) => location.kind === 'file').length;
    if (files > 0 && !(await mayUpload())) {
      throw new MixFailure('upload-not-allowed');
    }
    const prepare = (source: TaskSource) =>
      prepareSource(source, {
        ...this.#options,
        client,
        signal: context.signal,
        onRetry: (why) => this.#log('warn', 'upload-repeated', { image: source.name, why }),
      });
    const links: SourceLink[] = [];
    let done = 0;
    let ahead: ReturnType<typeof prepare> | undefined;
    for (const [at, source] of task.sources.entries()) {
      if (source.location.kind === 'file') context.progress({ stage: 'uploading', done: done++, total: files });
      const send = await (ahead ?? prepare(source));
      const following = task.sources[at + 1];
      ahead = following && prepare(following); // while this one is on its way
      ahead?.catch(() => undefined); // told when its turn comes
      const link = await send();
      this.#log('debug', 'source-linked', { image: source.name, link: redactUrl(link.link) });
      links.push(link);
    }
    return links;
  }

  async #poll(request: RequestState, pause: number): Promise<void> {
    const { context, clock, random, timeoutSeconds } = this.#options;
    const client = await this.#ready();
    const begun = clock.now();
    const report = () => {
      const etaSeconds = (begun + pause - clock.now()) / 1000;
      this.#report({ stage: 'mixing', ...(etaSeconds > 0 ? { etaSeconds } : {}) });
    };
    report();
    try {
      await pollForResults(request, {
        client,
        clock,
        random,
        signal: context.signal,
        deadline: timeoutSeconds * 1000,
        firstPollDelay: pause,
        onPoll: (what, next) => {
          this.#log('debug', 'polled', { id: request.id ?? '', what, next: next / 1000 });
          report();
        },
      });
    } catch (error) {
      // The links that an earlier run could not get the pictures from may work by now.
      if (!(error instanceof MixFailure) || request.links.length === 0) throw error;
      request.phase = 'answered';
    } finally {
      await this.#save();
    }
  }

  async #download(request: RequestState): Promise<void> {
    const { context } = this.#options;
    if (request.links.length < request.samples) {
      context.notice({ code: 'fewer-pictures', args: { count: request.links.length, asked: request.samples } });
    }
    try {
      for (const [at, link] of request.links.slice(0, request.samples).entries()) {
        const index = request.first + at;
        if (!context.delivered?.has(index)) await this.#deliver(request, link, index);
      }
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      // The links may be dead for good; whoever looks again asks the service for new ones first.
      if (request.id !== undefined || request.fetchUrl !== undefined) request.phase = 'accepted';
      await this.#save();
      throw error;
    }
  }

  async #deliver(request: RequestState, link: string, index: number): Promise<void> {
    const { context, service } = this.#options;
    this.#report({ stage: 'downloading' });
    const { bytes, format, isBlank } = await downloadResult(link, {
      ...this.#options,
      signal: context.signal,
      onRetry: (why, pause) =>
        this.#log('info', 'download-repeated', { link: redactUrl(link), why, next: pause / 1000 }),
    });
    if (isBlank) context.notice({ code: 'blank-picture', args: { number: index + 1 } });
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

  /** The client, once the key is there. */
  #ready(): Promise<ServiceClient> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<ServiceClient> {
    const { apiKey, service, transport, clock } = this.#options;
    const key = await apiKey(service.origin);
    if (!key) throw new MixFailure('no-api-key', { args: { origin: service.origin } });
    return new ServiceClient({ service, key, transport, clock });
  }

  #save(): Promise<void> {
    return this.#options.context.save(this.#options.state);
  }

  /** Progress with the count of pictures, where there are several. */
  #report(progress: Progress): void {
    const total = this.#options.task.recipe.samples;
    this.#options.context.progress(total > 1 ? { ...progress, done: this.#delivered, total } : progress);
  }

  #log(level: LogEvent['level'], event: string, args: LogEvent['args']): void {
    this.#options.log({ level, jobId: this.#options.task.jobId, event, args });
  }
}
