import { type Draft, emptyDraft } from '../../mix/draft.ts';
import { limits } from '../../mix/limits.ts';
import type { EngineView } from '../../protocol/contract.ts';
import type { PreviewMix } from '../previewRenderer.ts';
import { validSide } from './aspectRatios.ts';
import { validWeight } from './draftEdits.ts';
import { colorAt } from './palette.ts';

/**
 * What the preview shows of a draft. A field that is typed wrong counts as its default until it is put right.
 * @param randomSeed the seed that the next mix gets where the draft has none, so that the preview is what will be made.
 * @param isTinted whether it is coloured by which image lands where.
 */
export function previewMixOf(draft: Draft, engine: EngineView, randomSeed: number, isTinted = false): PreviewMix {
  const weigh = (weight: number | string) => validWeight(weight) ?? 0;
  const used = draft.images.map((image, at) => ({ ...image, colour: colorAt(at) })).filter(({ enabled }) => enabled);
  return {
    ...(isTinted ? { coverageColors: used.map(({ colour }) => colour) } : {}),
    images: used.map(({ uri, weight }) => ({
      id: uri,
      weight: engine.ignores.includes('weights') ? 1 : weigh(weight),
    })),
    width: validSide(draft.width) ?? Number(emptyDraft.width),
    height: validSide(draft.height) ?? Number(emptyDraft.height),
    seed: within(draft.seed, limits.seed) ?? randomSeed,
    guidanceScale: within(draft.guidanceScale, limits.guidanceScale) ?? Number(emptyDraft.guidanceScale),
  };
}

function within(value: number | string | null, { min, max }: { min: number; max: number }): number | undefined {
  return typeof value === 'number' && value >= min && value <= max ? value : undefined;
}
