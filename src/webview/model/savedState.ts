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

/** What a panel keeps: the mix with its history, and how people have set up what they see. */
export interface SavedState {
  readonly history: HistorySnapshot<Draft>;
  readonly view?: PanelView | undefined;
}

/** Where VS Code keeps a panel's own state while the panel is hidden, moved or reloaded. */
export interface StateStore {
  getState(): unknown;
  setState(state: unknown): void;
}

/** What was last kept; undefined on a new panel, or where that is unreadable. */
export function loadState(store: StateStore): SavedState | undefined {
  const { data } = savedStateSchema.safeParse(store.getState());
  if (!data) return undefined;
  const { past, present, future, view } = data;
  return { history: { past, present, future }, view };
}

export function saveState(store: StateStore, { history: { past, present, future }, view }: SavedState): void {
  store.setState({ version: 1, past, present, future, view });
}
