import { cmykTable, isCmykProfile } from './cmykProfile.ts';

/** Converts pixels of four inks, one byte each and 255 for a full ink, to RGBA. */
export type Inks = (cmyk: Uint8Array) => Uint8Array;

/**
 * By the profile exactly. Without one, each ink and black take away light one after the other, as in browsers. Undefined if only the
 * decoder understands the profile.
 */
export function exactInks(profile: Uint8Array | undefined): Inks | undefined {
  return inksBy(profile, (table, cmyk, rgba, at) =>
    table(cmyk[at] ?? 0, cmyk[at + 1] ?? 0, cmyk[at + 2] ?? 0, cmyk[at + 3] ?? 0, rgba, at),
  );
}

/**
 * As Chromium shows a JPEG: it mixes black into the other inks before it applies the profile, so grays become a little redder than the
 * profile says. Undefined if only the decoder understands the profile.
 */
export function browserInks(profile: Uint8Array | undefined): Inks | undefined {
  return inksBy(profile, (table, _, rgba, at) =>
    table(255 - (rgba[at] ?? 0), 255 - (rgba[at + 1] ?? 0), 255 - (rgba[at + 2] ?? 0), 0, rgba, at),
  );
}

type CmykTable = NonNullable<ReturnType<typeof cmykTable>>;

/** @param lookUp replaces the pixel at a position of `rgba`, which has its color without a profile. */
function inksBy(
  profile: Uint8Array | undefined,
  lookUp: (table: CmykTable, cmyk: Uint8Array, rgba: Uint8Array, at: number) => void,
): Inks | undefined {
  const table = profile && cmykTable(profile);
  if (!table && profile && isCmykProfile(profile)) return undefined;
  return (cmyk) => {
    const rgba = withoutProfile(cmyk);
    if (table) for (let at = 0; at < rgba.length; at += 4) lookUp(table, cmyk, rgba, at);
    return rgba;
  };
}

function withoutProfile(cmyk: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(cmyk.length);
  for (let at = 0; at < cmyk.length; at += 4) {
    const light = 255 - (cmyk[at + 3] ?? 0);
    for (let ink = at; ink < at + 3; ink++) rgba[ink] = Math.round(((255 - (cmyk[ink] ?? 0)) * light) / 255);
    rgba[at + 3] = 255;
  }
  return rgba;
}
