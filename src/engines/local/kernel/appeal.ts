import { exp, roughLog2 } from './arithmetic.ts';
import { fractalNoise } from './noise.ts';
import type { Prepared } from './prepare.ts';
import { gaussianPyramid, type Size } from './pyramid.ts';

/** How much the seeded noise counts beside saliency. */
const NOISE = 0.9;
/** The guidance scale at which masks are as sharp as said below. */
const MIDDLE_GUIDANCE = 7.5;

/**
 * How sharply a level is divided between the pictures: softly at 8 pixels (large shapes flow into each other), sharply from
 * 256 on (details belong to one picture). Guidance leads from a double exposure (1) to a collage (20).
 */
function sharpness(size: Size, guidanceScale: number): number {
  const octaves = Math.max(0, Math.min(5, roughLog2(Math.max(size.width, size.height, 8)) - 3));
  const guidance = guidanceScale / MIDDLE_GUIDANCE;
  return (1.5 + 0.5 * octaves) * guidance * guidance;
}

interface Memory {
  seed: number;
  guidanceScale: number;
  scores: readonly Float32Array[];
  appeal: readonly Float32Array[];
}

/** What was last worked out for a picture: while weights change, seed and guidance stay. */
const memories = new WeakMap<Prepared, Memory>();

/** How strongly a picture asks for each pixel, level by level of its base; 0 where it is transparent. */
export function appealOf(one: Prepared, seed: number, guidanceScale: number): readonly Float32Array[] {
  const memory = memories.get(one);
  if (memory?.seed === seed && memory.guidanceScale === guidanceScale) return memory.appeal;
  const scores = memory?.seed === seed ? memory.scores : scoresOf(one, seed);
  const appeal = scores.map((score, level) => {
    const beta = sharpness(one.sizes[level]!, guidanceScale);
    const out = new Float32Array(score.length);
    for (let p = 0; p < out.length; p++) out[p] = exp(Math.max(-80, Math.min(80, score[p]! * beta)));
    const alpha = one.alpha?.[level];
    if (alpha) for (let p = 0; p < out.length; p++) out[p] = out[p]! * alpha[p]!;
    return out;
  });
  memories.set(one, { seed, guidanceScale, scores, appeal });
  return appeal;
}

/** Saliency with seeded noise that wanders through it. */
function scoresOf(one: Prepared, seed: number): readonly Float32Array[] {
  const score = fractalNoise(one.base.size, seed, one.hash.high, one.hash.low);
  for (let p = 0; p < score.length; p++) score[p] = one.saliency[p]! + NOISE * score[p]!;
  return gaussianPyramid(score, one.sizes);
}
