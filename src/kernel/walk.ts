/**
 * How straight interpolation walks along one side of a picture whose values stand at `nodes` even places, the centres of as many
 * equal blocks of pixels. Stretch k leads from node k − 1 to node k; the first and the last lie beyond the outermost centres.
 */
export interface Walk {
  /** For each stretch the pixel behind its last. */
  readonly ends: Int32Array;
  /** For each stretch how far behind node k − 1 its first pixel lies, in pixels. */
  readonly offsets: Float64Array;
  /** Nodes a pixel: what a pixel adds, of the difference between two nodes. */
  readonly part: number;
}

/** The walk over `pixels` pixels; there are at most as many nodes. */
export function walkAlong(pixels: number, nodes: number): Walk {
  const ends = new Int32Array(nodes + 1);
  const offsets = new Float64Array(nodes + 1);
  const block = pixels / nodes;
  for (let k = 0; k <= nodes; k++) {
    const first = k === 0 ? 0 : ends[k - 1]!;
    ends[k] = k === nodes ? pixels : Math.ceil((k + 0.5) * block - 0.5);
    offsets[k] = first + 0.5 - (k - 0.5) * block;
  }
  return { ends, offsets, part: nodes / pixels };
}
