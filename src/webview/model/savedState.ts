import * as z from 'zod';
import { type Draft, draftSchema } from '../../mix/draft.ts';
import type { HistorySnapshot } from './history.ts';

const savedStateSchema = z.object({
  version: z.literal(1),
  past: z.array(draftSchema),
  present: draftSchema,
  future: z.array(draftSchema),
});

/** Where VS Code keeps a panel's own state while the panel is hidden, moved or reloaded. */
export interface StateStore {
  getState(): unknown;
  setState(state: unknown): void;
}

/** The mix and its history as they were last kept; undefined on a new panel, or where what was kept is unreadable. */
export function loadState(store: StateStore): HistorySnapshot<Draft> | undefined {
  const parsed = savedStateSchema.safeParse(store.getState());
  return parsed.success ? parsed.data : undefined;
}

/** Keeps the mix and its history. */
export function keepState(store: StateStore, { past, present, future }: HistorySnapshot<Draft>): void {
  store.setState({ version: 1, past, present, future });
}
