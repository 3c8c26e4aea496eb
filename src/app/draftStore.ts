import { readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Mutex } from 'async-mutex';
import * as z from 'zod';
import { draftSchema } from '../mix/draft.ts';
import { removeAbandoned, replaceFile } from '../storage/durableFile.ts';
import { makeFolder } from '../storage/folder.ts';
import { ignore, systemCode } from '../storage/systemError.ts';
import { markUsed, removeUnusedWindows } from './windowFolders.ts';

const savedDraftSchema = z.object({
  /** Grows with every edit: of two drafts, the one with the higher revision is newer. */
  revision: z.int().nonnegative(),
  draft: draftSchema,
  /** The URIs of the images in the undo history. */
  files: z.array(z.string()),
});
export type SavedDraft = z.infer<typeof savedDraftSchema>;

const fileSchema = savedDraftSchema.extend({ version: z.literal(1) });

export interface DraftStoreOptions {
  /** Absolute path of the window's storage. */
  readonly folder: string;
  /** Absolute path of the folder with the storage of each window without a folder. */
  readonly windows: string;
  readonly log: (error: unknown) => void;
}

/** The panel's mix as it was last edited in this window, in the file `draft.json` of the window's storage. */
export class DraftStore {
  readonly #options: DraftStoreOptions;
  readonly #file: string;
  readonly #turns = new Mutex();
  #latest: SavedDraft | undefined;
  /** What is on disk, as far as this window knows. */
  #onDisk: SavedDraft | undefined;
  #isRead = false;
  #isSwept = false;
  #isFailing = false;

  constructor(options: DraftStoreOptions) {
    this.#options = options;
    this.#file = join(options.folder, 'draft.json');
  }

  /** Undefined if nothing was edited yet, or if the draft can't be read, which is logged. */
  async load(): Promise<SavedDraft | undefined> {
    if (!this.#isRead) await this.#turns.runExclusive(() => this.#read());
    return this.#latest;
  }

  /** Saves a draft, unless a newer one was saved. A failure is logged, once until a draft is saved again; this window has the draft anyway. */
  async save(draft: SavedDraft): Promise<void> {
    if (this.#latest && draft.revision < this.#latest.revision) return;
    this.#latest = draft;
    await this.#turns.runExclusive(() => this.#write());
  }

  /** Absolute paths of the files in the draft and in its undo history. */
  async files(): Promise<string[]> {
    const saved = await this.load();
    return saved ? filesOf([...saved.draft.images, ...saved.files.map((uri) => ({ uri }))]) : [];
  }

  async #read(): Promise<void> {
    if (this.#isRead) return;
    try {
      const text = await readFile(this.#file, 'utf8').catch(ignore('ENOENT'));
      this.#isRead = true;
      if (text !== undefined) await this.#use(text);
      await this.#sweep();
    } catch (error) {
      if (systemCode(error) === '') throw error;
      this.#options.log(error);
    }
  }

  async #use(text: string): Promise<void> {
    try {
      const { version: _, ...saved } = fileSchema.parse(JSON.parse(text));
      this.#latest ??= saved;
      this.#onDisk = saved;
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
      this.#options.log(error);
      await this.#setAside('unreadable');
    }
  }

  /** Keeps a draft that the panel never showed from being overwritten. */
  async #setAside(suffix: 'unreadable' | 'earlier'): Promise<void> {
    await rename(this.#file, `${this.#file}.${suffix}`).catch(ignore('ENOENT'));
  }

  async #write(): Promise<void> {
    const latest = this.#latest;
    if (!latest || latest === this.#onDisk) return; // an earlier turn saved it
    try {
      await this.#read();
      if (!this.#isRead || (this.#onDisk?.revision ?? 0) > latest.revision) await this.#setAside('earlier');
      this.#isRead = true;
      await makeFolder(this.#options.folder);
      // At once rather than flushed: this happens many times a second, and a power cut may cost the last edits.
      await replaceFile(this.#file, JSON.stringify({ version: 1, ...latest }), { flush: false });
      this.#onDisk = latest;
      this.#isFailing = false;
    } catch (error) {
      if (systemCode(error) === '') throw error;
      if (!this.#isFailing) this.#options.log(error);
      this.#isFailing = true;
    }
  }

  async #sweep(): Promise<void> {
    if (this.#isSwept) return;
    this.#isSwept = true;
    const { folder, windows, log } = this.#options;
    await removeAbandoned(folder);
    if (dirname(folder) !== windows) return;
    await markUsed(folder);
    await removeUnusedWindows(windows, folder, log);
  }
}

/** Absolute paths of those images that are files. */
export function filesOf(images: readonly { readonly uri: string }[]): string[] {
  return images.filter(({ uri }) => uri.startsWith('file:')).map(({ uri }) => fileURLToPath(uri));
}
