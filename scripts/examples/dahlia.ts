import { seededRandom } from './random.ts';

const petals = 260;
const goldenAngle = Math.PI * (3 - Math.sqrt(5));

/** A dahlia in bloom in front of a blurred garden, as SVG. */
export function dahlia(width: number, height: number): string {
  const random = seededRandom(21);
  const centre = { x: width * 0.46, y: height * 0.5 };
  const reach = height * 0.4;

  const lights = Array.from({ length: 60 }, () => {
    const color = ['#7fd1a8', '#3f9d86', '#bfe6a1', '#2d7f8a', '#f4e7a1'][Math.floor(random() * 5)];
    const radius = 18 + random() * 62;
    return `<circle cx="${random() * width}" cy="${random() * height}" r="${radius}" fill="${color}" opacity="${0.06 + random() * 0.22}" filter="url(#blur)"/>`;
  });
  const leaves = [2.5, 0.35, -2.2, -0.7, 1.4].map((angle, index) => {
    const length = reach * (1.25 + 0.12 * (index % 3));
    return `<g transform="translate(${centre.x} ${centre.y}) rotate(${(angle * 180) / Math.PI})">
      <path d="M0,0 C${length * 0.3},${-length * 0.28} ${length * 0.8},${-length * 0.22} ${length},0 C${length * 0.8},${length * 0.22} ${length * 0.3},${length * 0.28} 0,0Z" fill="url(#leaf)"/>
      <path d="M0,0 L${length * 0.96},0" stroke="#bfe3a0" stroke-opacity="0.45" stroke-width="3"/>
    </g>`;
  });
  // Outermost first, because each petal covers those farther out.
  const blossom = Array.from({ length: petals }, (_, index) => {
    const part = 1 - index / petals;
    const distance = reach * 0.66 * Math.sqrt(part);
    const length = reach * (0.1 + 0.32 * part ** 0.7);
    const angle = (index * goldenAngle * 180) / Math.PI + (random() - 0.5) * 7;
    const half = length * (0.27 + random() * 0.05);
    const hue = 338 + 42 * (1 - part) ** 1.3;
    const light = 40 + 26 * (1 - part) + random() * 7;
    return `<g transform="translate(${centre.x} ${centre.y}) rotate(${angle.toFixed(2)}) translate(${distance.toFixed(1)} 0)">
      <path d="M${-length * 0.3},0 C${length * 0.1},${-half} ${length * 0.75},${-half} ${length},0 C${length * 0.75},${half} ${length * 0.1},${half} ${-length * 0.3},0Z"
        fill="hsl(${hue % 360}, 78%, ${light}%)" stroke="hsl(${(hue - 8) % 360}, 70%, ${light * 0.55}%)" stroke-opacity="0.5" stroke-width="1.2"/>
      <path d="M${-length * 0.2},0 C${length * 0.2},${half * 0.18} ${length * 0.6},${half * 0.12} ${length * 0.9},0 C${length * 0.6},${half * 0.85} ${length * 0.15},${half * 0.85} ${-length * 0.2},0Z"
        fill="#3c0626" opacity="0.16"/>
    </g>`;
  });
  const dew = Array.from({ length: 14 }, () => {
    const [angle, distance, radius] = [random() * 7, reach * (0.3 + random() * 0.55), 3 + random() * 5];
    const [x, y] = [centre.x + Math.cos(angle) * distance, centre.y + Math.sin(angle) * distance];
    return `<circle cx="${x}" cy="${y}" r="${radius}" fill="#fff" opacity="0.3"/>
      <circle cx="${x - radius * 0.3}" cy="${y - radius * 0.35}" r="${radius * 0.35}" fill="#fff" opacity="0.9"/>`;
  });

  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>
      <linearGradient id="garden" x1="0" y1="0" x2="1" y2="1">
        <stop offset="0" stop-color="#0f4a4a"/><stop offset="0.5" stop-color="#1d6a55"/><stop offset="1" stop-color="#0b2f3d"/>
      </linearGradient>
      <linearGradient id="leaf"><stop offset="0" stop-color="#154b35"/><stop offset="1" stop-color="#5fae5b"/></linearGradient>
      <radialGradient id="shadow"><stop offset="0.6" stop-color="#04211f" stop-opacity="0.75"/><stop offset="1" stop-color="#04211f" stop-opacity="0"/></radialGradient>
      <filter id="blur" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="9"/></filter>
    </defs>
    <rect width="${width}" height="${height}" fill="url(#garden)"/>
    ${lights.join('\n')}
    ${leaves.join('\n')}
    <circle cx="${centre.x + 8}" cy="${centre.y + 16}" r="${reach * 1.16}" fill="url(#shadow)"/>
    <circle cx="${centre.x}" cy="${centre.y}" r="${reach * 0.2}" fill="#e58a55"/>
    ${blossom.join('\n')}
    ${dew.join('\n')}
  </svg>`;
}
