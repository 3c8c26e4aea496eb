import type { Draft, DraftImage } from '../../mix/draft.ts';
import { limits } from '../../mix/limits.ts';

/** The weight of a new image. A double-click on the slider restores it. */
export const defaultWeight = 0.5;

/** The draft with one image changed; the same object if nothing changes. */
export function changeImage(draft: Draft, id: string, patch: Partial<Omit<DraftImage, 'id'>>): Draft {
  const image = draft.images.find((each) => each.id === id);
  if (!image || isSame(image, { ...image, ...patch })) return draft;
  return { ...draft, images: draft.images.map((each) => (each.id === id ? { ...each, ...patch } : each)) };
}

function isSame(one: DraftImage, other: DraftImage): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The draft with images appended, or with `replace` in place of its own. An id that is already used gets a number appended. */
export function addImages(draft: Draft, added: readonly DraftImage[], replace = false): Draft {
  const images = replace ? [] : [...draft.images];
  const usedIds = new Set(images.map((image) => image.id));
  for (const image of added) {
    let id = image.id;
    for (let count = 2; usedIds.has(id); count++) id = `${image.id}-${count}`;
    usedIds.add(id);
    images.push({ ...image, id });
  }
  return added.length === 0 && !replace ? draft : { ...draft, images };
}

/** The draft without one image. */
export function removeImage(draft: Draft, id: string): Draft {
  return { ...draft, images: draft.images.filter((image) => image.id !== id) };
}

/** The draft with one image moved to position `to`; the same object if it's already there. */
export function moveImage(draft: Draft, id: string, to: number): Draft {
  const from = draft.images.findIndex((image) => image.id === id);
  const image = draft.images[from];
  const target = Math.max(0, Math.min(draft.images.length - 1, to));
  if (!image || target === from) return draft;
  return { ...draft, images: draft.images.toSpliced(from, 1).toSpliced(target, 0, image) };
}

/** The draft with the same weight on every enabled image. */
export function equalizeWeights(draft: Draft): Draft {
  return mapWeights(draft, () => defaultWeight);
}

/**
 * The draft with the enabled weights scaled to a sum of 1, in hundredths, by the largest remainder method. No positive weight
 * becomes 0, and invalid weights stay as typed.
 */
export function scaleWeights(draft: Draft): Draft {
  const sum = weightSum(draft);
  if (sum === 0) return draft;
  const exact = draft.images.map(({ weight, enabled }) => (enabled ? (100 * (validWeight(weight) ?? 0)) / sum : 0));
  const hundredths = exact.map((value) => (value > 0 ? Math.max(1, Math.floor(value)) : 0));
  for (
    let missing = 100 - hundredths.reduce((all, value) => all + value, 0);
    missing !== 0;
    missing -= Math.sign(missing)
  ) {
    // The weight furthest from its exact value gains or loses a hundredth.
    const errors = hundredths.map((value, at) => {
      const mayChange = missing > 0 ? value > 0 : value > 1;
      return mayChange ? ((exact[at] ?? 0) - value) * Math.sign(missing) : Number.NEGATIVE_INFINITY;
    });
    const at = errors.indexOf(Math.max(...errors));
    hundredths[at] = (hundredths[at] ?? 0) + Math.sign(missing);
  }
  return mapWeights(draft, (weight, at) => (validWeight(weight) === undefined ? weight : (hundredths[at] ?? 0) / 100));
}

function mapWeights(draft: Draft, change: (weight: number | string, at: number) => number | string): Draft {
  const images = draft.images.map((image, at) =>
    image.enabled ? { ...image, weight: change(image.weight, at) } : image,
  );
  return images.every((image, at) => image.weight === draft.images[at]?.weight) ? draft : { ...draft, images };
}

/** The weight if it's a number in range, otherwise undefined. */
export function validWeight(weight: number | string): number | undefined {
  const { min, max } = limits.weight;
  return typeof weight === 'number' && weight >= min && weight <= max ? weight : undefined;
}

function weightSum(draft: Draft): number {
  return draft.images.reduce((sum, image) => sum + (image.enabled ? (validWeight(image.weight) ?? 0) : 0), 0);
}

/** Each image's share of the mix, 0 to 1: its weight over the sum of the enabled weights. Disabled images have 0. */
export function weightShares(draft: Draft): number[] {
  const sum = weightSum(draft);
  return draft.images.map((image) => (image.enabled && sum > 0 ? (validWeight(image.weight) ?? 0) / sum : 0));
}
