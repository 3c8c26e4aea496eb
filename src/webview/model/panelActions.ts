import type { Draft, DraftImage } from '../../mix/draft.ts';
import { type Channel, type Params, RemoteError } from '../../protocol/channel.ts';
import type { HostContract, PanelContract, Problem } from '../../protocol/contract.ts';
import { writeImageToClipboard } from '../clipboard.ts';
import { changeImage } from './draftEdits.ts';
import type { PanelModel } from './panelModel.ts';

export type HostChannel = Channel<HostContract, PanelContract>;

/** A picture without an address, as the clipboard or another program hands it over. */
export interface ImageFile {
  readonly name: string;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

type Added = { images: DraftImage[]; problems: Problem[] };

/** What people do that needs the host. Nothing here throws: what goes wrong becomes a message of the panel. */
export class PanelActions {
  readonly #host: HostChannel;
  readonly #model: PanelModel;

  constructor(host: HostChannel, model: PanelModel) {
    this.#host = host;
    this.#model = model;
  }

  pickImages(): Promise<void> {
    return this.#add(() => this.#host.call('pickImages', null));
  }

  /** Puts another image into a place of the mix; weight and all else stay. */
  async replaceImage(id: string): Promise<void> {
    await this.#try(async () => {
      const { images, problems } = await this.#host.call('pickReplacement', null);
      const [image] = images;
      if (image) this.#model.edit((draft) => changeImage(draft, id, { uri: image.uri, path: image.path }));
      this.#model.reportProblems(problems);
    });
  }

  /** Lets people choose the prompt of an earlier mix. */
  async pickPrompt(): Promise<void> {
    await this.#try(async () => {
      const { prompt } = await this.#host.call('pickPrompt', null);
      if (prompt !== null) this.#model.edit((draft) => ({ ...draft, prompt }));
    });
  }

  askUrl(): Promise<void> {
    return this.#add(() => this.#host.call('askUrl', null));
  }

  async addUris(uris: readonly string[]): Promise<void> {
    if (uris.length > 0) await this.#add(() => this.#host.call('addUris', { uris: uris.slice(0, 100) }));
  }

  async addFiles(pictures: readonly ImageFile[]): Promise<void> {
    for (const picture of pictures) {
      await this.#add(async () => this.#host.call('addBytes', { name: picture.name, bytes: await picture.bytes() }));
    }
  }

  useAsSource(resultId: string): Promise<void> {
    return this.#add(() => this.#host.call('useAsSource', { id: resultId }));
  }

  async reuseSettings(resultId: string): Promise<void> {
    await this.#try(async () => {
      const { draft } = await this.#host.call('reuseSettings', { id: resultId });
      this.#model.edit(() => draft);
    });
  }

  /** Asks for a mix of the draft as it stands. False where something is wrong with it; the panel then shows what. */
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
    await this.#try(async () => {
      const { jobId, problems } = await this.#host.call('mix', { draft, randomSeed });
      this.#model.reportProblems(problems, draft);
      started = jobId !== null;
      if (jobId === null) return;
      this.#model.rememberSubmission(jobId, draft);
    });
    return started;
  }

  newSeed(): void {
    this.#model.drawNewSeed();
    this.lockSeed();
  }

  /** Keeps the seed that the preview shows. */
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

  /** Puts a picture onto the clipboard. Whether it is there now. */
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

  /** Puts a link to a picture into the last editor that can hold one; the name of its file where there was one. */
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

  /** Sends the draft to be kept with the workspace; a failure only means that another panel starts with an older one. */
  saveDraft(): Promise<void> {
    return this.#host.call('saveDraft', { draft: this.#model.draft }).then(
      () => undefined,
      () => undefined,
    );
  }

  #add(ask: () => Promise<Added>): Promise<void> {
    return this.#try(async () => {
      const { images, problems } = await ask();
      this.#model.addImages(images);
      this.#model.reportProblems(problems);
    });
  }

  async #try(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const code = error instanceof RemoteError ? error.code : 'unexpected';
      if (code === 'closed') return; // the panel itself is going away
      const isSilence = code === 'timeout' || code === 'bad-reply' || code === 'unknown-method';
      const message = isSilence ? this.#model.say('panel.error.noAnswer') : messageOf(error);
      this.#model.reportProblems([{ code, message }]);
    }
  }
}

/** What an error says; the host's errors are in words already. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
