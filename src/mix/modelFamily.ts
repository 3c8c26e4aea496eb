/** The kind of model that a checkpoint is, as far as its metadata or its name tells. The built-in graphs can't use `other`. */
export type ModelFamily = 'sd15' | 'sdxl' | 'flux' | 'other' | 'unknown';

/** Patterns for architectures and file names, more specific ones first. */
const families: readonly (readonly [ModelFamily, RegExp])[] = [
  // Variants whose inputs the graphs don't have.
  ['other', /flux.?2|flux.*(?:canny|depth|fill|kontext|redux|control)|refiner|inpaint|pixart/i],
  ['flux', /flux/i],
  ['sdxl', /xl|pony|illustrious|noob|animagine/i],
  [
    'other',
    /\bsd.?[23]|\bsd.?turbo|stable.?diffusion.?v?[23]|\bv2-[01]_|\b512-base|\b768-v-ema|cascade|zero.?123|\bsvd/i,
  ],
  ['other', /hunyuan|\bwan|ltx|mochi.?(?:1|preview)|cosmos|stable.?audio|\bace.?step/i],
  ['other', /qwen|hidream|aura.?flow|lumina|z.?image|chroma|omnigen|kolors|\bsana/i],
  ['sd15', /sd.?v?1|v1.?[45]|stable.?diffusion.?v?1|1[.-]5/i],
];

/** The family of a model by its name alone. */
export function familyOfName(name: string): ModelFamily {
  return find(name.replace(/^.*[\\/]/, '')) ?? find(name) ?? 'unknown';
}

/** The family of a model by the architecture in its metadata, else by its name. */
export function familyOf(name: string, architecture: string | undefined): ModelFamily {
  if (architecture === undefined) return familyOfName(name);
  const family = find(architecture) ?? 'other';
  // Metadata calls the variants by the name of the whole family.
  return familyOfName(name) === 'other' && family === 'flux' ? 'other' : family;
}

function find(text: string): ModelFamily | undefined {
  return families.find(([, pattern]) => pattern.test(text))?.[0];
}
