import { join } from 'node:path';
import { systemClock } from '../engines/clock.ts';
import type { NetworkRules } from '../network/connectionRules.ts';
import { AccountBalance } from './accountBalance.ts';
import { ApiKeys } from './apiKeys.ts';
import { type Background, createBackground } from './background.ts';
import { ComfyuiServers } from './comfyuiServers.ts';
import { DraftStore } from './draftStore.ts';
import { EngineChoice, usesService } from './engineChoice.ts';
import { ImageImporter } from './imageImporter.ts';
import { ImageLoader } from './imageLoader.ts';
import { traceOf } from './jobLog.ts';
import { Messages } from './messages/messages.ts';
import { MixStarter } from './mixStarter.ts';
import type { OriginSecretsOptions } from './originSecrets.ts';
import { PanelService } from './panelService.ts';
import type { KeyValueStore, Questions, Secrets, SettingSource, Workspace } from './ports.ts';
import { PromptHistory } from './promptHistory.ts';
import { ResultStore } from './resultStore.ts';
import { ServerAuthorizations } from './serverAuthorizations.ts';
import { ServerStates } from './serverStates.ts';
import { type LogLevel, Services } from './services.ts';
import { Settings } from './settings.ts';
import { Trust } from './trust.ts';
import { UploadConsent } from './uploadConsent.ts';
import { WebCredentials } from './webCredentials.ts';

/** The application's host: VS Code or the command line. */
export interface HostEnvironment {
  readonly settings: SettingSource;
  readonly secrets: Secrets;
  readonly store: KeyValueStore;
  readonly questions: Questions;
  readonly workspace: Workspace;
  readonly networkRules: () => NetworkRules;
  /** Absolute path of the storage that all windows share. */
  readonly globalStorage: string;
  /** Absolute path of the workspace's storage. Windows without a folder share one. */
  readonly storage: string;
  /** Absolute path of the storage for what this window is editing: the workspace's, or one of its own without a folder. */
  readonly windowStorage: string;
  /** Absolute path of the folder of the bundled workers. */
  readonly bundles: string;
  /** Absolute paths of the images that a first run starts with. */
  readonly examples: () => Promise<string[]>;
  /** The sentence in the display language for an English one. */
  readonly translate: (sentence: string) => string;
  readonly log: (level: LogLevel, line: string) => void;
  /** Shows a warning about a problem that doesn't stop anything. */
  readonly warn: (message: string) => void;
}

/** All parts of the application, wired together. */
export class Application {
  readonly messages: Messages;
  readonly background: Background;
  readonly trust: Trust;
  readonly keys: ApiKeys;
  readonly authorizations: ServerAuthorizations;
  readonly services: Services;
  readonly comfyui: ComfyuiServers;
  readonly engine: EngineChoice;
  readonly drafts: DraftStore;
  readonly prompts: PromptHistory;
  readonly results: ResultStore;
  readonly loader: ImageLoader;
  readonly importer: ImageImporter;
  readonly credentials: WebCredentials;
  readonly starter: MixStarter;
  readonly balance: AccountBalance;
  readonly servers: ServerStates;
  readonly panel: PanelService;

  constructor(host: HostEnvironment) {
    const { workspace, store, storage, windowStorage, globalStorage, log } = host;
    const messages = new Messages(host.translate, (error) => log('error', traceOf(error)));
    const settings = new Settings(host.settings, (name, value) => {
      const setting = `imageMixer.${name}`;
      host.warn(
        value === undefined
          ? messages.say('setting.invalidHidden', { setting })
          : messages.say('setting.invalid', { setting, value }),
      );
    });
    const trust = new Trust(workspace);
    const background = createBackground((error) => log('error', traceOf(error)));
    let isWarned = false;
    const secretStorage: Omit<OriginSecretsOptions, 'prefix'> = {
      secrets: host.secrets,
      clock: systemClock,
      onFailure: (error) => log('warn', traceOf(error)),
      onUnreadable: () => {
        if (!isWarned) host.warn(messages.say('key.unreadable'));
        isWarned = true;
      },
    };
    const keys = new ApiKeys(secretStorage);
    const authorizations = new ServerAuthorizations(secretStorage);
    const consent = new UploadConsent({ settings, store, questions: host.questions, messages, background });
    const credentials = new WebCredentials();
    const services = new Services({
      settings,
      trust,
      apiKey: (origin) => keys.require(origin),
      addressOf: (url) => credentials.addressOf(url),
      authorization: (origin) => authorizations.get(origin),
      networkRules: host.networkRules,
      storage: globalStorage,
      workspaceStorage: storage,
      bundles: host.bundles,
      log,
    });
    const { runner, reader, codec } = services;
    this.messages = messages;
    this.background = background;
    this.trust = trust;
    this.keys = keys;
    this.credentials = credentials;
    this.authorizations = authorizations;
    this.services = services;
    this.servers = new ServerStates({
      urls: () => settings.get('comfyui.servers'),
      services,
      clock: systemClock,
    });
    this.comfyui = new ComfyuiServers({ settings, servers: this.servers, messages, workspace });
    this.engine = new EngineChoice({ settings, keys, trust, origin: () => services.usableOrigin() });
    this.drafts = new DraftStore({
      folder: windowStorage,
      windows: join(globalStorage, 'windows'),
      log: (error) => log('error', traceOf(error)),
    });
    this.prompts = new PromptHistory(store);
    this.results = new ResultStore(storage, {
      onDamaged: (count) => this.panel.noteDamaged(count),
      log: (error) => log('warn', traceOf(error)),
    });
    this.loader = new ImageLoader({ codec, reader, trust });
    this.importer = new ImageImporter({
      storage: join(windowStorage, 'sources'),
      reader,
      messages,
      workspace,
      credentials,
      usedFiles: () => this.drafts.files(),
    });
    this.starter = new MixStarter({
      runner,
      settings,
      workspace,
      trust,
      consent,
      credentials,
      importer: this.importer,
      storage,
    });
    this.balance = new AccountBalance(async () =>
      usesService(await this.engine.name()) ? services.balance() : undefined,
    );
    this.panel = new PanelService({
      messages,
      engine: this.engine,
      balance: this.balance,
      trust,
      comfyui: { settings, servers: this.servers, workspace, messages },
      importer: this.importer,
      loader: this.loader,
      results: this.results,
      drafts: this.drafts,
      prompts: this.prompts,
      starter: this.starter,
      runner,
      workspaceStorage: storage,
      background,
      displayPath: (path) => workspace.displayPath(path),
      examples: host.examples,
    });
  }
}
