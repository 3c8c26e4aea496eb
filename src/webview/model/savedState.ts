import * as z from 'zod';
import { type Draft, draftSchema, emptyDraft } from '../../mix/draft.ts';
import type { PanelView } from './panelModel.ts';
import type { HistorySnapshot } from './undoHistory.ts';

const savedStateSchema = z.object({
  version: z.literal(1),
  /** 0 in the state of earlier versions. */
  revision: z.int().default(0),
  past: z.array(draftSchema),
  present: draftSchema,
  future: z.array(draftSchema),
  view: z.object({ filter: z.string(), showsCoverage: z.boolean() }).optional(),
});

/** The state that outlives the webview: the draft with its history, and the view settings. */
export interface SavedState {
  readonly history: HistorySnapshot<Draft>;
  /** Of two drafts, the one with the higher revision is newer. */
  readonly revision: number;
  readonly view?: PanelView | undefined;
}

/** The state that VS Code keeps for a webview while it's hidden, moved or reloaded. */
export interface StateStore {
  getState(): unknown;
  setState(state: unknown): void;
}

/** The saved state; undefined in a new panel, or if it can't be parsed. */
export function loadState(store: StateStore): SavedState | undefined {
  const { data } = savedStateSchema.safeParse(store.getState());
  if (!data) return undefined;
  const { past, present, future, revision, view } = data;
  return { history: { past, present, future }, revision, view };
}

export function saveState(store: StateStore, { history: { past, present, future }, revision, view }: SavedState): void {
  store.setState({ version: 1, revision, past, present, future, view });
}

/**
 * The history that a panel starts with. The newer draft of the page's and the host's wins. If it is the host's, because the page was
 * destroyed before its state was saved, undo restores the page's.
 */
export function startingHistory(
  saved: SavedState | undefined,
  host: { readonly draft: Draft | null; readonly revision: number },
): Pick<SavedState, 'history' | 'revision'> {
  if (!saved) return { history: { past: [], present: host.draft ?? emptyDraft, future: [] }, revision: host.revision };
  const { history, revision } = saved;
  const isHostNewer =
    host.revision > revision || (host.revision === revision && revision > 0 && !isSame(host.draft, history.present));
  if (!host.draft || !isHostNewer) return { history, revision };
  return {
    history: { past: [...history.past, history.present], present: host.draft, future: [] },
    revision: host.revision,
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
