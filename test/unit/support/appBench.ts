import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import { Application } from '../../../src/app/application.ts';
import type { Question } from '../../../src/app/ports.ts';
import { RecipeRunner, type RecipeRunnerOptions } from '../../../src/app/recipeRunner.ts';
import type { SettingName } from '../../../src/app/settings.ts';
import { isInside } from '../../../src/output/outputFolder.ts';

/** Listeners of one kind of event, and a way to fire it. */
class Listeners<Value> {
  readonly #listeners = new Set<(value: Value) => void>();
  readonly add = (listener: (value: Value) => void) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(value: Value): void {
    for (const listener of this.#listeners) listener(value);
  }
}

/** The application in its own folder, with a host that the test controls. */
export class AppBench {
  readonly root: string;
  /** The workspace folder. */
  readonly folder: string;
  readonly storage: string;
  readonly app: Application;
  readonly settings: Partial<Record<SettingName, unknown>> = {};
  readonly stored = new Map<string, unknown>();
  readonly secrets = new Map<string, string>();
  readonly asked: Question[] = [];
  readonly warnings: string[] = [];
  readonly lines: string[] = [];
  readonly settingsChanged = new Listeners<void>();
  readonly trustGranted = new Listeners<void>();
  /** What the secret storage fails with. */
  keyringError: Error | undefined;
  /** What saving the workspace's values fails with. */
  storeError: Error | undefined;
  answer = true;
  isTrusted = true;
  hasFolder = true;

  private constructor(root: string) {
    this.root = root;
    this.folder = join(root, 'project');
    this.storage = join(root, 'storage');
    const secretChanged = new Listeners<string>();
    this.app = new Application({
      settings: {
        read: (name) => Object.entries(this.settings).find(([key]) => key === name)?.[1],
        onChange: this.settingsChanged.add,
      },
      secrets: {
        get: async (name) => {
          this.#useKeyring();
          return this.secrets.get(name);
        },
        store: async (name, value) => {
          this.#useKeyring();
          this.secrets.set(name, value);
          secretChanged.fire(name);
        },
        delete: async (name) => {
          this.#useKeyring();
          this.secrets.delete(name);
          secretChanged.fire(name);
        },
        onChange: secretChanged.add,
      },
      store: {
        get: (key) => this.stored.get(key),
        update: async (key, value) => {
          if (this.storeError) throw this.storeError;
          this.stored.set(key, value);
        },
      },
      questions: {
        confirm: async (question) => {
          this.asked.push(question);
          return this.answer;
        },
      },
      workspace: {
        isTrusted: () => this.isTrusted,
        onTrust: this.trustGranted.add,
        firstFolder: () => (this.hasFolder ? this.folder : undefined),
        folderOf: (path) => (this.hasFolder && isInside(path, this.folder) ? this.folder : undefined),
        displayPath: (path) => (isInside(path, this.folder) ? relative(this.folder, path) : path),
      },
      networkRules: () => ({ noProxy: [], verifyCertificates: true, systemCertificates: false }),
      globalStorage: join(this.storage, 'global'),
      storage: join(this.storage, 'workspace'),
      windowStorage: join(this.storage, 'window'),
      bundles: join(import.meta.dirname, '..', '..', '..', 'dist'),
      examples: async () => [join(this.folder, 'red.png')],
      translate: (sentence) => sentence,
      log: (level, line) => void this.lines.push(`${level} ${line}`),
      warn: (message) => void this.warnings.push(message),
    });
  }

  /** With two images in the workspace folder, `red.png` and `blue.png`, and `green.png` next to the folder. */
  static async start(): Promise<AppBench> {
    const bench = new AppBench(await mkdtemp(join(tmpdir(), 'app-')));
    await mkdir(bench.folder, { recursive: true });
    for (const [file, color] of [
      [bench.file('red.png'), '#d02020'],
      [bench.file('blue.png'), '#2020d0'],
      [join(bench.root, 'green.png'), '#20d020'],
    ] as const) {
      await sharp({ create: { width: 64, height: 64, channels: 3, background: color } })
        .png()
        .toFile(file);
    }
    return bench;
  }

  #useKeyring(): void {
    if (this.keyringError) throw this.keyringError;
  }

  /** Absolute path of a file in the workspace folder. */
  file(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a recipe file and returns its absolute path. */
  async recipeFile(name: string, content: unknown): Promise<string> {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await writeFile(this.file(name), text);
    return this.file(name);
  }

  /** Runs recipes as commands do. */
  recipes(progress: string[] = [], changes: Partial<RecipeRunnerOptions> = {}): RecipeRunner {
    const { starter, engine, messages, services, background } = this.app;
    return new RecipeRunner({
      starter,
      engine,
      runner: services.runner,
      messages,
      background,
      onStart: () => {},
      showProgress: async (job, onProgress) => {
        const stop = onProgress((text) => progress.push(text));
        await job.finished.finally(stop);
      },
      ...changes,
    });
  }

  async close(): Promise<void> {
    await this.app.services.dispose();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** A small recipe over the two images of the workspace folder. */
export const smallRecipe = {
  images: [
    { source: 'red.png', weight: 0.5 },
    { source: 'blue.png', weight: 0.5 },
  ],
  prompt: 'rose man',
  width: 64,
  height: 64,
  seed: 7,
};
