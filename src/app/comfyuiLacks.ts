import type { MissingModel, ServerReport } from '../engines/comfyui/comfyuiEngine.ts';
import type { ModelFamily } from '../mix/modelFamily.ts';

/** What mixes need that a server doesn't have. */
export interface Lack extends MissingModel {
  /** Whether it's a pack of nodes, and not a file. */
  readonly isPack: boolean;
  /** Whether mixes need it as things are set, and not only with other presets. */
  readonly isNeeded: boolean;
  /** What needs it: kinds of models with their presets. */
  readonly uses: readonly string[];
}

/** What kinds of models are called. */
export const familyNames: Readonly<Record<Exclude<ModelFamily, 'other' | 'unknown'>, string>> = {
  sd15: 'SD 1.5',
  sdxl: 'SDXL',
  flux: 'Flux',
};

/**
 * What is missing for the kinds of models that the server has, each once. For a server without any, all that may be needed.
 * @param preset the preset that mixes use.
 */
export function lacksOf({ checkpoints, presets, redux, missing }: ServerReport, preset: string): readonly Lack[] {
  const families = new Set(checkpoints.map(({ family }) => family));
  const has = (...wanted: ModelFamily[]) => wanted.some((family) => families.has(family));
  // An unknown one may be either.
  const needsBoth = has('unknown') || !has('sd15', 'sdxl', 'flux');
  const found = new Map<string, Lack>();
  const add = (lack: MissingModel, use: string, details: { isPack: boolean; isNeeded: boolean }) => {
    const key = `${lack.folder}/${lack.file}`;
    const known = found.get(key);
    const isNeeded = details.isNeeded || known?.isNeeded === true;
    found.set(key, { ...lack, isPack: details.isPack, isNeeded, uses: [...(known?.uses ?? []), use] });
  };
  if (needsBoth || has('sd15', 'sdxl')) {
    for (const lack of missing) add(lack, 'IP-Adapter', { isPack: true, isNeeded: true });
  }
  for (const { name, family, missing: files } of presets) {
    if (needsBoth || has(family))
      for (const file of files)
        add(file, `${familyNames[family]}: ${name}`, { isPack: false, isNeeded: name === preset });
  }
  const { styleModel, clipVision, ...parts } = redux;
  const hasSeparate = checkpoints.some(({ family, loader }) => family === 'flux' && loader === 'unet');
  const files = has('flux') ? [styleModel, clipVision, ...(hasSeparate ? Object.values(parts) : [])] : [];
  for (const file of files)
    if (typeof file !== 'string') add(file, familyNames.flux, { isPack: false, isNeeded: true });
  return [...found.values()];
}
