import { seededRandom } from './random.ts';

/** From far to near: the height and amplitude of the crest as fractions of the image's height, and the colors of its two sides. */
const ridges = [
  { crest: 0.5, swing: 0.02, waves: 2.3, light: '#d98a6f', shade: '#b9647a' },
  { crest: 0.55, swing: 0.035, waves: 1.6, light: '#d9784f', shade: '#8e4465' },
  { crest: 0.63, swing: 0.05, waves: 1.2, light: '#cf6238', shade: '#6b2d55' },
  { crest: 0.74, swing: 0.06, waves: 0.9, light: '#b84a2b', shade: '#4a1f45' },
  { crest: 0.88, swing: 0.05, waves: 0.7, light: '#8f3324', shade: '#2b1233' },
];

/** Sunset over dunes, as SVG. */
export function dunes(width: number, height: number): string {
  const random = seededRandom(7);
  const sun = { x: width * 0.64, y: height * 0.4 };
  const parts: string[] = [];
  const gradients: string[] = [];

  for (const [index, ridge] of ridges.entries()) {
    const phase = random() * 7;
    const crest = (x: number) =>
      height *
      (ridge.crest +
        ridge.swing * Math.sin((x / width) * ridge.waves * 2 * Math.PI + phase) +
        ridge.swing * 0.4 * Math.sin((x / width) * ridge.waves * 4.7 * Math.PI + phase * 2));
    const points = Array.from({ length: 121 }, (_, step) => {
      const x = (step / 120) * width;
      return `${x.toFixed(1)},${crest(x).toFixed(1)}`;
    });
    gradients.push(
      `<linearGradient id="dune${index}" x1="0" y1="0" x2="0.25" y2="1">
        <stop offset="0" stop-color="${ridge.light}"/><stop offset="0.75" stop-color="${ridge.shade}"/>
      </linearGradient>`,
    );
    parts.push(`<polygon points="0,${height} ${points.join(' ')} ${width},${height}" fill="url(#dune${index})"/>`);
    parts.push(...ripples(width, height, crest, ridge.light, 5 + index * 4, random));
    parts.push(
      `<polyline points="${points.join(' ')}" fill="none" stroke="#ffd9a0" stroke-opacity="0.55" stroke-width="${1 + index * 0.5}"/>`,
    );
  }

  const birds = Array.from({ length: 7 }, () => {
    const [x, y, size] = [width * (0.16 + random() * 0.26), height * (0.14 + random() * 0.14), 7 + random() * 9];
    return `<path d="M${x - size},${y - size * 0.4} Q${x - size * 0.4},${y - size * 0.7} ${x},${y} Q${x + size * 0.4},${y - size * 0.7} ${x + size},${y - size * 0.4}"
      fill="none" stroke="#43204d" stroke-width="2.2" stroke-linecap="round"/>`;
  });
  const clouds = Array.from({ length: 9 }, () => {
    const [x, y] = [random() * width, height * (0.1 + random() * 0.3)];
    const [rx, ry] = [width * (0.08 + random() * 0.16), height * (0.006 + random() * 0.014)];
    return `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="#ffcf9e" opacity="${0.16 + random() * 0.25}" filter="url(#soft)"/>`;
  });

  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>
      <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="#2c1a52"/><stop offset="0.18" stop-color="#6b2f73"/>
        <stop offset="0.34" stop-color="#d4576b"/><stop offset="0.46" stop-color="#f79a57"/><stop offset="0.56" stop-color="#ffdf8f"/>
      </linearGradient>
      <radialGradient id="glow"><stop offset="0" stop-color="#fff3c4" stop-opacity="0.95"/>
        <stop offset="0.25" stop-color="#ffd98a" stop-opacity="0.55"/><stop offset="1" stop-color="#ffb35c" stop-opacity="0"/></radialGradient>
      ${gradients.join('\n')}
      <filter id="soft" x="-50%" y="-200%" width="200%" height="500%"><feGaussianBlur stdDeviation="18 5"/></filter>
    </defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>
    ${clouds.join('\n')}
    <circle cx="${sun.x}" cy="${sun.y}" r="${height * 0.42}" fill="url(#glow)"/>
    <circle cx="${sun.x}" cy="${sun.y}" r="${height * 0.085}" fill="#fff6d6"/>
    ${birds.join('\n')}
    ${parts.join('\n')}
  </svg>`;
}

/** Wind ripples that follow the crest of a dune and fade with the distance from it. */
function ripples(
  width: number,
  height: number,
  crest: (x: number) => number,
  color: string,
  count: number,
  random: () => number,
): string[] {
  return Array.from({ length: count }, (_, index) => {
    const depth = height * (0.012 + 0.011 * index * (1 + index * 0.06));
    const [phase, start, length] = [random() * 6, random() * 0.7, 0.25 + random() * 0.4];
    const points = Array.from({ length: 41 }, (_, step) => {
      const x = width * (start + (length * step) / 40);
      return `${x.toFixed(1)},${(crest(x) + depth + 3 * Math.sin(x / 34 + phase)).toFixed(1)}`;
    });
    const opacity = (0.5 * (1 - index / count)).toFixed(2);
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-opacity="${opacity}" stroke-width="2"/>`;
  });
}
