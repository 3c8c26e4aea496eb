import { fileURLToPath } from 'node:url';
import { type Draft, draftSchema } from '../mix/draft.ts';
import type { KeyValueStore } from './ports.ts';

const draftKey = 'imageMixer.draft';

/** The panel's mix as it was last edited in this workspace. */
export class DraftStore {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /** Undefined if nothing was edited yet, or if the saved value isn't a draft. */
  load(): Draft | undefined {
    return draftSchema.safeParse(this.#store.get(draftKey)).data;
  }

  async save(draft: Draft): Promise<void> {
    await this.#store.update(draftKey, draft);
  }

  /** Absolute paths of the files in the draft. */
  files(): string[] {
    return filesOf(this.load()?.images ?? []);
  }
}

/** Absolute paths of those images that are files. */
export function filesOf(images: readonly { readonly uri: string }[]): string[] {
  return images.filter(({ uri }) => uri.startsWith('file:')).map(({ uri }) => fileURLToPath(uri));
}
