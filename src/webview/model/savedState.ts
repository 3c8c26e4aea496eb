import * as z from 'zod';
import { type Draft, draftSchema } from '../../mix/draft.ts';
import type { PanelView } from './panelModel.ts';
import type { HistorySnapshot } from './undoHistory.ts';

const savedStateSchema = z.object({
  version: z.literal(1),
  past: z.array(draftSchema),
  present: draftSchema,
  future: z.array(draftSchema),
  view: z.object({ filter: z.string(), showsCoverage: z.boolean() }).optional(),
});

/** The state that outlives the webview: the draft with its history, and the view settings. */
export interface SavedState {
  readonly history: HistorySnapshot<Draft>;
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
  const { past, present, future, view } = data;
  return { history: { past, present, future }, view };
}

export function saveState(store: StateStore, { history: { past, present, future }, view }: SavedState): void {
  store.setState({ version: 1, past, present, future, view });
}
