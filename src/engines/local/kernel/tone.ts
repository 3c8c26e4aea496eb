import type { Part } from './fusion.ts';
import { type LabPlanes, meanChroma } from './oklab.ts';

/** How much of the colour lost by mixing is given back, and at most how much stronger colours become. */
const RESTORED = 0.8;
const STRONGEST = 1.35;

/** The factor that brings the fused colours' strength towards the weighted strength of the pictures'. */
export function chromaFactor(fused: LabPlanes, parts: readonly Part[]): number {
  const present = meanChroma(fused);
  const due = parts.reduce((sum, { picture, share }) => sum + share * picture.chroma, 0);
  if (present < 1e-4 || due <= present) return 1;
  return Math.min(STRONGEST, 1 + RESTORED * (due / present - 1));
}
