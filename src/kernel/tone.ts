import type { Part } from './fusion.ts';
import { type LabPlanes, meanChroma } from './oklab.ts';

/** At most how much stronger colours become. */
const STRONGEST = 1.5;

/** Mixing pales colours. This is the factor that brings them back to the weighted strength of the pictures'. */
export function chromaFactor(fused: LabPlanes, parts: readonly Part[]): number {
  const present = meanChroma(fused);
  const due = parts.reduce((sum, { picture, share }) => sum + share * picture.chroma, 0);
  if (present < 1e-4 || due <= present) return 1;
  return Math.min(STRONGEST, due / present);
}
