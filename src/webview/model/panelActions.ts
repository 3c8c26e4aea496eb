import type { Draft, DraftImage } from '../../mix/draft.ts';
import { type Channel, type Params, RemoteError } from '../../protocol/channel.ts';
import type { HostContract, PanelContract, Problem, SettingChange } from '../../protocol/contract.ts';
import { writeImageToClipboard } from '../clipboard.ts';
import { changeImage } from './draftEdits.ts';
import type { PanelModel } from './panelModel.ts';
import { SettingChanges } from './settingChanges.ts';

export type HostChannel = Channel<HostContract, PanelContract>;

/** An image file without a URI, from the clipboard or another program. */
export interface ImageFile {
  readonly name: string;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

type ImportedImages = { images: DraftImage[]; problems: Problem[] };

/** The user's actions that need the host. They don't throw: errors become messages in the panel. */
export class PanelActions {
  readonly #host: HostChannel;
  readonly #model: PanelModel;
  readonly #settings = new SettingChanges((change) => this.#try(() => this.#host.call('changeSetting', change)));

  constructor(host: HostChannel, model: PanelModel) {
    this.#host = host;
    this.#model = model;
  }

  /** Changes a setting, and resolves once it's changed or a message says why it can't be. */
  changeSetting(change: SettingChange): Promise<void> {
    this.changeSettingSoon(change);
    return this.#settings.flush();
  }

  /** Changes a setting when no further change has come for a moment, or at the next mix. */
  changeSettingSoon(change: SettingChange): void {
    this.#settings.add(change);
  }

  /** Asks the ComfyUI servers again. */
  checkServers(): Promise<void> {
    return this.#try(() => this.#host.call('checkServers', null));
  }

  pickImages(): Promise<void> {
    return this.#importImages(() => this.#host.call('pickImages', null));
  }

  /** Replaces an image of the mix. Its weight and the rest of its settings stay. */
  async replaceImage(id: string): Promise<void> {
    await this.#try(async () => {
      const { images, problems } = await this.#host.call('pickReplacement', null);
      const [image] = images;
      if (image) this.#model.edit((draft) => changeImage(draft, id, { uri: image.uri, path: image.path }));
      this.#model.reportProblems(problems);
    });
  }

  /** Lets the user pick the prompt of an earlier mix. */
  async pickPrompt(): Promise<void> {
    await this.#try(async () => {
      const { prompt } = await this.#host.call('pickPrompt', null);
      if (prompt !== null) this.#model.edit((draft) => ({ ...draft, prompt }));
    });
  }

  askUrl(): Promise<void> {
    return this.#importImages(() => this.#host.call('askUrl', null));
  }

  async addUris(uris: readonly string[]): Promise<void> {
    if (uris.length > 0) await this.#importImages(() => this.#host.call('addUris', { uris: uris.slice(0, 100) }));
  }

  async addFiles(files: readonly ImageFile[]): Promise<void> {
    for (const file of files) {
      await this.#importImages(async () => this.#host.call('addBytes', { name: file.name, bytes: await file.bytes() }));
    }
  }

  useAsSource(resultId: string): Promise<void> {
    return this.#importImages(() => this.#host.call('useAsSource', { id: resultId }));
  }

  async reuseSettings(resultId: string): Promise<void> {
    await this.#try(async () => {
      const { draft } = await this.#host.call('reuseSettings', { id: resultId });
      this.#model.edit(() => draft);
    });
  }

  /** Submits a mix of the draft. False if the draft has problems, which the panel then shows, or if the request fails. */
  async mix(): Promise<boolean> {
    const { draft, issues } = this.#model;
    this.#model.clearProblems();
    if (draft.images.length === 0) {
      const message = this.#model.say('panel.issue.noImages');
      this.#model.reportProblems([{ code: 'invalid-recipe', field: 'images', message }]);
      return false;
    }
    if (issues.size > 0) return false;
    let started = false;
    const randomSeed = this.#model.seedForMix();
    await this.#settings.flush();
    await this.#try(async () => {
      const { jobId, problems } = await this.#host.call('mix', { draft, randomSeed });
      this.#model.reportProblems(problems, draft);
      if (jobId === null) return;
      this.#model.rememberSubmission(jobId, draft);
      started = true;
    });
    return started;
  }

  /** Draws a seed and keeps it for the next mixes. */
  newSeed(): void {
    this.#model.drawNewSeed();
    this.lockSeed();
  }

  /** Keeps the random seed that the preview uses. */
  lockSeed(): void {
    const { randomSeed } = this.#model;
    this.#model.edit((draft): Draft => ({ ...draft, seed: randomSeed }));
  }

  cancel(jobId: string): Promise<void> {
    return this.#try(() => this.#host.call('cancel', { jobId }));
  }

  async dismiss(jobId: string): Promise<void> {
    this.#model.removeJob(jobId);
    await this.#try(() => this.#host.call('dismiss', { jobId }));
  }

  checkAgain(jobId: string): Promise<void> {
    return this.#try(() => this.#host.call('checkAgain', { jobId }));
  }

  openResult(resultId: string): Promise<void> {
    return this.#try(() => this.#host.call('openResult', { id: resultId }));
  }

  revealResult(resultId: string): Promise<void> {
    return this.#try(() => this.#host.call('revealResult', { id: resultId }));
  }

  copyPath(resultId: string): Promise<void> {
    return this.#try(() => this.#host.call('copyPath', { id: resultId }));
  }

  /** Copies a result to the clipboard. False if that failed. */
  async copyToClipboard(resultId: string): Promise<boolean> {
    try {
      await writeImageToClipboard(this.#host.call('readResult', { id: resultId }).then(({ bytes }) => bytes));
      return true;
    } catch (error) {
      const message = this.#model.say('panel.result.notCopied', { detail: messageOf(error) });
      this.#model.reportProblems([{ code: 'not-copied', message }]);
      return false;
    }
  }

  /** Inserts a link to a result into the last active editor that supports links. Returns that file's name; undefined if there is none. */
  async insertLink(resultId: string): Promise<string | undefined> {
    let name: string | undefined;
    await this.#try(async () => {
      const { file } = await this.#host.call('insertLink', { id: resultId });
      if (file === null)
        this.#model.reportProblems([{ code: 'no-editor', message: this.#model.say('panel.result.noEditor') }]);
      else name = file;
    });
    return name;
  }

  deleteResult(resultId: string): Promise<void> {
    return this.#try(() => this.#host.call('deleteResult', { id: resultId }));
  }

  runCommand(command: Params<HostContract, 'runCommand'>['command']): Promise<void> {
    return this.#try(() => this.#host.call('runCommand', { command }));
  }

  /** Saves a draft in the host. Without an answer the page's own state still has it, and the next edit tries again. */
  async saveDraft(draft: Params<HostContract, 'saveDraft'>): Promise<void> {
    try {
      await this.#host.call('saveDraft', draft);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
    }
  }

  #importImages(request: () => Promise<ImportedImages>): Promise<void> {
    return this.#try(async () => {
      const { images, problems } = await request();
      this.#model.addImages(images);
      this.#model.reportProblems(problems);
    });
  }

  async #try(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const code = error instanceof RemoteError ? error.code : 'unexpected';
      if (code === 'closed') return; // the panel is being closed
      const hasNoAnswer = code === 'timeout' || code === 'bad-reply' || code === 'unknown-method';
      const message = hasNoAnswer ? this.#model.say('panel.error.noAnswer') : messageOf(error);
      this.#model.reportProblems([{ code, message }]);
    }
  }
}

/** The message of anything thrown. Errors of the host arrive as sentences. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
