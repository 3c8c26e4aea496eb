import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { systemClock } from '../engines/clock.ts';
import type { Engine } from '../engines/engine.ts';
import type { Balance } from '../engines/hosted/balance.ts';
import { createHostedEngine, type HostedEngine } from '../engines/hosted/engine.ts';
import type { LogEvent } from '../engines/hosted/log.ts';
import { serviceOf } from '../engines/hosted/service.ts';
import { FolderStore } from '../engines/hosted/sharedStore.ts';
import { createLocalEngine } from '../engines/local/engine.ts';
import { createNetwork } from '../network/connections.ts';
import { createSourceReader } from '../images/sourceReader.ts';
import { WorkerCodec } from '../images/workerCodec.ts';
import { JobRunner } from '../jobs/runner.ts';
import { PictureWriter } from '../output/pictureWriter.ts';
import type { ApiKeys } from './apiKeys.ts';
import { JobLog, titleOf } from '../app/jobLog.ts';
import { currentNetworkRules } from './networkSettings.ts';
import { setting } from './settings.ts';
import type { UploadConsent } from './uploadConsent.ts';

/** The parts below the workbench, each made once and when first needed: codec, reader, engines, runner. */
export class Machinery {
  readonly #context: vscode.ExtensionContext;
  readonly #keys: ApiKeys;
  readonly #consent: UploadConsent;
  readonly #log: vscode.LogOutputChannel;
  readonly codec: WorkerCodec;
  readonly #connect = createNetwork(currentNetworkRules);
  readonly reader = createSourceReader({
    connect: this.#connect,
    allowPrivateAddresses: () => setting('images.allowPrivateAddresses'),
    ownOrigin: () => this.origin(),
  });
  readonly runner: JobRunner;
  readonly #watch = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('http')) this.#hosted?.reconnect();
  });
  #local: ReturnType<typeof createLocalEngine> | undefined;
  #hosted: HostedEngine | undefined;

  constructor(options: {
    context: vscode.ExtensionContext;
    keys: ApiKeys;
    consent: UploadConsent;
    log: vscode.LogOutputChannel;
  }) {
    this.#context = options.context;
    this.#keys = options.keys;
    this.#consent = options.consent;
    this.#log = options.log;
    this.codec = new WorkerCodec({ workerPath: this.#bundle('codecWorker.cjs') });
    const jobLog = new JobLog((level, line) => this.#log[level](line));
    this.runner = new JobRunner({
      directory: join(options.context.globalStorageUri.fsPath, 'jobs'),
      engines: { local: async () => this.#localEngine(), hosted: async () => this.#hostedEngine() },
      writer: new PictureWriter(),
      clock: systemClock,
      maxConcurrent: () => setting('hosted.maxConcurrent'),
      newId: randomUUID,
      onError: (jobId, error) => jobLog.failed(jobId, error),
      owner: randomUUID(),
    });
    this.runner.onChange((job) => jobLog.changed(job));
  }

  /** The origin of the base URL in force. @throws MixFailure where the setting is no usable URL. */
  origin(): string {
    return serviceOf({ baseUrl: setting('hosted.baseUrl'), dialect: setting('hosted.dialect') }).origin;
  }

  /** What is left in the account at the service; undefined where that can't be known. Never rejects. */
  async balance(): Promise<Balance | undefined> {
    return vscode.workspace.isTrusted ? this.#hostedEngine().balance() : undefined;
  }

  async dispose(): Promise<void> {
    this.#watch.dispose();
    await this.runner.dispose();
    await Promise.all([this.#local?.dispose(), this.#hosted?.dispose(), this.codec.dispose()]);
  }

  #bundle(name: string): string {
    return join(this.#context.extensionPath, 'dist', name);
  }

  #localEngine(): Engine {
    this.#local ??= createLocalEngine({
      codec: this.codec,
      reader: this.reader,
      workerPath: this.#bundle('kernelWorker.cjs'),
    });
    return this.#local;
  }

  #hostedEngine(): HostedEngine {
    this.#hosted ??= createHostedEngine({
      settings: () => ({
        baseUrl: setting('hosted.baseUrl'),
        dialect: setting('hosted.dialect'),
        timeoutSeconds: setting('hosted.timeout'),
      }),
      connect: this.#connect,
      apiKey: (origin) => this.#keys.get(origin),
      codec: this.codec,
      reader: this.reader,
      store: new FolderStore(join(this.#context.globalStorageUri.fsPath, 'service')),
      mayUpload: async () => this.#consent.allowed(),
      clock: systemClock,
      random: Math.random,
      log: (event) => this.#write(event),
    });
    return this.#hosted;
  }

  #write({ level, jobId, event, args }: LogEvent): void {
    const details = Object.entries(args).map(([name, value]) => ` ${name}=${value}`);
    this.#log[level](`${titleOf(jobId)} ${event}${details.join('')}`);
  }
}
