import type { Draft } from '../../mix/draft.ts';
import { throttle } from './debounce.ts';
import type { PanelModel } from './panelModel.ts';
import { type StateStore, saveState } from './savedState.ts';

/** The longest time that an edit stays only in the page, in milliseconds. */
const hostDelay = 50;
/** The state has the whole history, so it is saved less often. */
const stateDelay = 100;

/** A draft with what the host needs to know about it. */
export interface SentDraft {
  readonly revision: number;
  readonly draft: Draft;
  /** The URIs of the images in the undo history. */
  readonly files: string[];
}

/**
 * Saves every edit: the draft in the host, and the history in the page's state. VS Code can destroy the page at any time, and saves
 * its state only now and then.
 */
export class DraftSaver {
  readonly #model: PanelModel;
  readonly #saveState: ReturnType<typeof throttle>;
  readonly #sendDraft: ReturnType<typeof throttle>;

  /** @param send sends a draft to the host. */
  constructor(model: PanelModel, store: StateStore, send: (draft: SentDraft) => Promise<void>) {
    this.#model = model;
    this.#saveState = throttle(() => {
      const { history, revision, filter, showsCoverage } = model;
      saveState(store, { history: history.snapshot(), revision, view: { filter, showsCoverage } });
    }, stateDelay);
    this.#sendDraft = throttle(() => void send(this.#draft()), hostDelay);
    model.addEventListener('draft', () => {
      this.#saveState();
      this.#sendDraft();
    });
    model.addEventListener('view', this.#saveState);
  }

  /** Sends the draft although it didn't change: the host doesn't have it. */
  send(): void {
    this.#sendDraft();
  }

  /** Saves now what was going to be saved soon. */
  flush(): void {
    this.#saveState.flush();
    this.#sendDraft.flush();
  }

  #draft(): SentDraft {
    const { draft, revision, history } = this.#model;
    const { past, future } = history.snapshot();
    const files = new Set([...past, ...future].flatMap(({ images }) => images.map(({ uri }) => uri)));
    return { revision, draft, files: [...files] };
  }
}
