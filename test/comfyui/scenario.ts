import { defaultModels } from './modelFiles.ts';
import type { ComfyUISettings } from './settings.ts';

/** A named way in which a server can be or fail. */
export interface Scenario {
  readonly name: string;
  /** What the server does, for the table. */
  readonly server: string;
  /** What a client should do, for the table. */
  readonly client: string;
  readonly settings: Partial<ComfyUISettings>;
}

/** A scenario from its parts. */
export const scenario = (
  name: string,
  server: string,
  client: string,
  settings: Partial<ComfyUISettings>,
): Scenario => ({
  name,
  server,
  client,
  settings,
});

/** The default models but for those of some folders. */
export const without = (...folders: readonly string[]): Partial<ComfyUISettings> => ({
  models: { ...defaultModels, ...Object.fromEntries(folders.map((folder) => [folder, []])) },
});
