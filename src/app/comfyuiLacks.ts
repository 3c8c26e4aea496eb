import type { MissingModel, ModelFamily, ServerReport } from '../engines/comfyui/comfyuiEngine.ts';

/** What mixes need that a server doesn't have. */
export interface Lack extends MissingModel {
  /** Whether it's a pack of nodes, and not a file. */
  readonly isPack: boolean;
  /** What needs it: kinds of models with their presets. */
  readonly uses: readonly string[];
}

/** What kinds of models are called. */
export const familyNames: Readonly<Record<Exclude<ModelFamily, 'other' | 'unknown'>, string>> = {
  sd15: 'SD 1.5',
  sdxl: 'SDXL',
  flux: 'Flux',
};

/** What is missing for the kinds of models that the server has, each once. For a server without any, all that may be needed. */
export function lacksOf({ checkpoints, presets, redux, missing }: ServerReport): readonly Lack[] {
  const families = new Set(checkpoints.map(({ family }) => family));
  const has = (...wanted: ModelFamily[]) => wanted.some((family) => families.has(family));
  // An unknown one may be either.
  const needsBoth = has('unknown') || !has('sd15', 'sdxl', 'flux');
  const found = new Map<string, Lack>();
  const add = (lack: MissingModel, isPack: boolean, use?: string) => {
    const key = `${lack.folder}/${lack.file}`;
    const uses = [...(found.get(key)?.uses ?? []), ...(use === undefined ? [] : [use])];
    found.set(key, { ...lack, isPack, uses });
  };
  if (needsBoth || has('sd15', 'sdxl')) for (const lack of missing) add(lack, true);
  for (const { name, family, missing: files } of presets) {
    if (needsBoth || has(family)) for (const file of files) add(file, false, `${familyNames[family]}: ${name}`);
  }
  const { styleModel, clipVision, ...parts } = redux;
  const hasSeparate = checkpoints.some(({ family, loader }) => family === 'flux' && loader === 'unet');
  const files = has('flux') ? [styleModel, clipVision, ...(hasSeparate ? Object.values(parts) : [])] : [];
  for (const file of files) if (typeof file !== 'string') add(file, false, familyNames.flux);
  return [...found.values()];
}
