import { cmykTable } from './cmykProfile.ts';

/** How the inks of an image become colors: by its profile, or as a browser does without one. The inks are 255 where there is none… */
export function inksOf(profile: Uint8Array | undefined): (cmyk: Uint8Array) => Uint8Array {
  const table = profile && cmykTable(profile);
  return (cmyk) => {
    const rgba = new Uint8Array(cmyk.length);
    for (let at = 0; at < cmyk.length; at += 4) {
      const [c = 0, m = 0, y = 0, k = 0] = cmyk.subarray(at, at + 4);
      if (table) {
        table(c, m, y, k, rgba, at);
      } else {
        const light = 255 - k;
        rgba[at] = Math.round(((255 - c) * light) / 255);
        rgba[at + 1] = Math.round(((255 - m) * light) / 255);
        rgba[at + 2] = Math.round(((255 - y) * light) / 255);
      }
      rgba[at + 3] = 255;
    }
    return rgba;
  };
}
