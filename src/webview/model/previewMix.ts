import { type Draft, emptyDraft } from '../../mix/draft.ts';
import { limits } from '../../mix/limits.ts';
import type { EngineView } from '../../protocol/contract.ts';
import type { PreviewMix } from '../previewRenderer.ts';
import { validSide } from './aspectRatios.ts';
import { validWeight } from './draftEdits.ts';
import { colorAt } from './palette.ts';

/**
 * The mix that the preview shows for a draft. An invalid field counts as its default.
 * @param randomSeed used if the draft has no seed. It's the seed of the next mix, so the preview matches the result.
 * @param showsCoverage whether the preview shows which image lands where.
 */
export function previewMixOf(draft: Draft, engine: EngineView, randomSeed: number, showsCoverage = false): PreviewMix {
  const weightOf = (weight: number | string) => validWeight(weight) ?? 0;
  const used = draft.images.map((image, at) => ({ ...image, color: colorAt(at) })).filter(({ enabled }) => enabled);
  return {
    ...(showsCoverage ? { coverageColors: used.map(({ color }) => color) } : {}),
    images: used.map(({ uri, weight }) => ({
      id: uri,
      weight: engine.ignores.includes('weights') ? 1 : weightOf(weight),
    })),
    width: validSide(draft.width, engine) ?? Number(emptyDraft.width),
    height: validSide(draft.height, engine) ?? Number(emptyDraft.height),
    seed: inRange(draft.seed, limits.seed) ?? randomSeed,
    guidanceScale: inRange(draft.guidanceScale, limits.guidanceScale) ?? Number(emptyDraft.guidanceScale),
  };
}

function inRange(value: number | string | null, { min, max }: { min: number; max: number }): number | undefined {
  return typeof value === 'number' && value >= min && value <= max ? value : undefined;
}
