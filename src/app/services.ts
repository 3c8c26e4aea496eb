import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../engines/clock.ts';
import {
  type ComfyuiEngine,
  createComfyuiEngine,
  type ServerQuery,
  type ServerState,
} from '../engines/comfyui/comfyuiEngine.ts';
import type { LogEvent } from '../engines/hosted/engineLog.ts';
import { createHostedEngine, type HostedEngine } from '../engines/hosted/hostedEngine.ts';
import { serviceOf } from '../engines/hosted/service.ts';
import { FolderStore } from '../engines/hosted/sharedStore.ts';
import type { WalletBalance } from '../engines/hosted/wallet.ts';
import { LocalEngine } from '../engines/local/localEngine.ts';
import { createSourceReader, type SourceReader } from '../images/sourceReader.ts';
import { WorkerCodec } from '../images/workerCodec.ts';
import { JobRunner } from '../jobs/jobRunner.ts';
import { MixFailure } from '../mix/failure.ts';
import type { NetworkRules } from '../network/connectionRules.ts';
import { type Connect, createNetwork } from '../network/connections.ts';
import { ResultWriter } from '../output/resultWriter.ts';
import { createBackground } from './background.ts';
import { JobLog, logPrefixOf } from './jobLog.ts';
import type { Disposable } from './ports.ts';
import type { Settings } from './settings.ts';
import type { Trust } from './trust.ts';

/** Levels of the log. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ServicesOptions {
  readonly settings: Settings;
  readonly trust: Trust;
  /** The API key that is stored for exactly this origin. @throws MixFailure `no-api-key…`, after some seconds at the latest. */
  readonly apiKey: (origin: string) => Promise<string>;
  /** The address to download an image URL from, which may have a user and password. */
  readonly addressOf: (url: string) => string;
  /** The value of the authorization header that is stored for exactly this origin; undefined if none is, or it can't be read. */
  readonly authorization: (origin: string) => Promise<string | undefined>;
  readonly networkRules: () => NetworkRules;
  /** Absolute path of a folder that all windows share: jobs, and what the hosted engine remembers. */
  readonly storage: string;
  /** Absolute path of the storage of this window's workspace. */
  readonly workspaceStorage: string;
  /** Absolute path of the folder of the bundled workers. */
  readonly bundles: string;
  readonly log: (level: LogLevel, line: string) => void;
}

/** The parts below the application, wired together. The engines are created when they are first needed. */
export class Services {
  readonly codec: WorkerCodec;
  readonly reader: SourceReader;
  readonly runner: JobRunner;
  readonly #options: ServicesOptions;
  readonly #network: Connect;
  readonly #trustGranted: Disposable;
  #networkChanges = 0;
  #local: LocalEngine | undefined;
  #comfyui: ComfyuiEngine | undefined;
  #hosted: HostedEngine | undefined;

  constructor(options: ServicesOptions) {
    const { settings, trust, storage, workspaceStorage, bundles, log } = options;
    this.#options = options;
    this.#network = createNetwork(options.networkRules);
    this.codec = new WorkerCodec({ workerPath: join(bundles, 'codecWorker.cjs') });
    this.reader = createSourceReader({
      connect: this.#connectFor('network'),
      connectVersion: () => this.#networkChanges,
      allowPrivateAddresses: () => settings.get('images.allowPrivateAddresses'),
      ownOrigin: () => this.usableOrigin(),
      addressOf: options.addressOf,
    });
    const jobLog = new JobLog(log);
    this.runner = new JobRunner({
      directory: join(storage, 'jobs'),
      workspaceStorage,
      isTrusted: () => trust.isTrusted,
      engines: {
        local: async () => this.#localEngine(),
        comfyui: async () => this.#comfyuiEngine(),
        hosted: async () => this.#hostedEngine(),
      },
      writer: new ResultWriter((error) => log('warn', `temporary files can't be removed: ${String(error)}`)),
      clock: systemClock,
      maxConcurrent: (engine) =>
        engine === 'hosted'
          ? settings.get('hosted.maxConcurrent')
          : Math.max(1, settings.get('comfyui.servers').length),
      newId: randomUUID,
      onError: (jobId, error) => jobLog.failed(jobId, error),
      owner: randomUUID(),
    });
    this.runner.onChange((job) => jobLog.changed(job));
    const background = createBackground((error) => jobLog.failed(undefined, error));
    this.#trustGranted = trust.onTrust(() => background(this.runner.resume('start')));
  }

  /** The origin of the hosted service. @throws MixFailure if the base URL can't be used. */
  origin(): string {
    const { settings } = this.#options;
    return serviceOf(settings.service()).origin;
  }

  /** The origin of the hosted service; undefined if the base URL can't be used. */
  usableOrigin(): string | undefined {
    try {
      return this.origin();
    } catch (error) {
      if (error instanceof MixFailure) return undefined; // a hosted mix says what is wrong
      throw error;
    }
  }

  /** The balance of the account at the service; undefined if it isn't known, or in Restricted Mode. Never rejects. */
  async balance(): Promise<WalletBalance | undefined> {
    return this.#options.trust.isTrusted ? this.#hostedEngine().balance() : undefined;
  }

  /**
   * The ComfyUI servers in the order of the settings.
   * @throws MixFailure `untrusted-workspace` in Restricted Mode.
   */
  async comfyuiServers(query?: ServerQuery): Promise<readonly ServerState[]> {
    this.#options.trust.require('server');
    return this.#comfyuiEngine().servers(query);
  }

  /** Asks the ComfyUI servers again from now on, over new connections, because their addresses or authorizations changed. */
  reconnectComfyui(): void {
    this.#comfyui?.reconnect();
  }

  /** Uses new connections from now on, because the network settings changed. */
  reconnect(): void {
    this.#networkChanges++;
    this.#hosted?.reconnect();
    this.reconnectComfyui();
  }

  async dispose(): Promise<void> {
    this.#trustGranted.dispose();
    await this.runner.dispose();
    await Promise.all([
      this.#local?.dispose(),
      this.#comfyui?.dispose(),
      this.#hosted?.dispose(),
      this.codec.dispose(),
    ]);
  }

  /** The network, which doesn't connect in Restricted Mode whatever asks for it. @param what says so in the failure. */
  #connectFor(what: 'server' | 'network'): Connect {
    return (rules) => {
      this.#options.trust.require(what);
      return this.#network(rules);
    };
  }

  #localEngine(): LocalEngine {
    const { codec, reader } = this;
    this.#local ??= new LocalEngine({ codec, reader, workerPath: join(this.#options.bundles, 'kernelWorker.cjs') });
    return this.#local;
  }

  #comfyuiEngine(): ComfyuiEngine {
    const { settings, authorization } = this.#options;
    this.#comfyui ??= createComfyuiEngine({
      servers: () => settings.get('comfyui.servers'),
      timeoutSeconds: () => settings.get('comfyui.timeout'),
      authorization: async (origin) => (await authorization(origin)) || undefined,
      connect: this.#connectFor('server'),
      codec: this.codec,
      reader: this.reader,
      clock: systemClock,
      newId: randomUUID,
      log: (event) => this.#write('comfyui', event),
    });
    return this.#comfyui;
  }

  #hostedEngine(): HostedEngine {
    const { settings, apiKey, storage } = this.#options;
    this.#hosted ??= createHostedEngine({
      settings: () => ({ ...settings.service(), timeoutSeconds: settings.get('hosted.timeout') }),
      connect: this.#connectFor('server'),
      apiKey,
      codec: this.codec,
      reader: this.reader,
      store: new FolderStore(join(storage, 'service')),
      clock: systemClock,
      random: Math.random,
      log: (event) => this.#write('service', event),
    });
    return this.#hosted;
  }

  #write(part: 'comfyui' | 'service', { level, jobId, event, args }: LogEvent): void {
    const details = Object.entries(args).map(([name, value]) => ` ${name}=${value}`);
    const subject = jobId === undefined ? part : logPrefixOf(jobId);
    this.#options.log(level, `${subject} ${event}${details.join('')}`);
  }
}
