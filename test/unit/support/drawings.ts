/** A drawing that browsers and the codec show alike. */
export interface TestDrawing {
  readonly svg: string;
  /** The size that a browser gives it, in whole CSS pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** Whether the text is in the font that is bundled. */
  readonly bundledFont?: boolean;
  /** Whether a browser adds space around the drawing, rather than scaling it, if it is shown larger. */
  readonly isUnscaled?: boolean;
  /** The share of pixels that may differ clearly, such as at edges that are smoothed in another way. By default, 0.003. */
  readonly differentShare?: number;
}

const svg = (attributes: string, content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${content}</svg>`;

/** Shapes of every kind, in a square of 100 units. */
const shapes = `
  <rect width="100" height="100" fill="#fed"/>
  <rect x="8" y="8" width="40" height="30" rx="6" fill="teal" stroke="navy" stroke-width="3"/>
  <circle cx="72" cy="24" r="18" fill="rgb(200 40 40 / 70%)"/>
  <ellipse cx="30" cy="66" rx="22" ry="12" fill="hsl(90deg 60% 50%)" transform="rotate(-20 30 66)"/>
  <path d="M55 50 C70 40 90 60 80 75 S60 95 52 80 Z" fill="none" stroke="purple" stroke-width="4" stroke-dasharray="8 3" stroke-linecap="round"/>
  <polygon points="10,95 20,78 30,95" fill="orange"/>
  <polyline points="40,95 50,85 60,95 70,85" fill="none" stroke="black" stroke-linejoin="round" stroke-width="2"/>`;

/** A PNG of 2 × 2 pixels: red, green, blue and yellow. */
const pixels =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP4z8DAAMIM////ZwAAHu8E/KPItPcAAAAASUVORK5CYII=';

export const drawings: Readonly<Record<string, TestDrawing>> = {
  'shapes in pixels': { svg: svg('width="100" height="100"', shapes), size: { width: 100, height: 100 } },
  'an icon in millimeters': {
    svg: svg('width="20mm" height="20mm" viewBox="0 0 100 100"', shapes),
    size: { width: 76, height: 76 },
  },
  'a plan in inches': {
    svg: svg(
      'width="100in" height="50in" viewBox="0 0 200 100"',
      `${shapes}<g transform="translate(100)">${shapes}</g>`,
    ),
    size: { width: 9600, height: 4800 },
    differentShare: 0.005, // smoothed edges, of which many small shapes have more
  },
  'a view box alone': { svg: svg('viewBox="0 0 100 100"', shapes), size: { width: 100, height: 100 } },
  percentages: {
    svg: svg('width="100%" height="100%" viewBox="-10 -10 120 120"', shapes),
    size: { width: 120, height: 120 },
  },
  'a tiny view box': {
    svg: svg('width="4cm" height="4cm" viewBox="0 0 .3 .3"', `<g transform="scale(.003)">${shapes}</g>`),
    size: { width: 151, height: 151 },
  },
  'a huge view box': {
    svg: svg('width="10pc" height="10pc" viewBox="0 0 5000000 5000000"', `<g transform="scale(50000)">${shapes}</g>`),
    size: { width: 160, height: 160 },
  },
  'a box that is fitted': {
    svg: svg('width="200" height="100" viewBox="0 0 100 100" preserveAspectRatio="xMinYMin slice"', shapes),
    size: { width: 200, height: 100 },
  },
  'one missing side': { svg: svg('width="150pt" viewBox="0 0 100 50"', shapes), size: { width: 200, height: 100 } },
  'no size': { svg: svg('', shapes), size: { width: 300, height: 150 }, isUnscaled: true },
  'gradients, patterns and clips': {
    svg: svg(
      'viewBox="0 0 100 100"',
      `<defs>
        <linearGradient id="l" x2="0" y2="1"><stop stop-color="gold"/><stop offset="1" stop-color="crimson"/></linearGradient>
        <radialGradient id="r"><stop stop-color="white"/><stop offset="1" stop-color="steelblue" stop-opacity=".4"/></radialGradient>
        <pattern id="p" width="10" height="10" patternUnits="userSpaceOnUse"><path d="M0 10L10 0" stroke="green" stroke-width="2"/></pattern>
        <clipPath id="c"><circle cx="50" cy="50" r="45"/></clipPath>
        <mask id="m"><rect width="100" height="100" fill="url(#l)"/></mask>
      </defs>
      <g clip-path="url('#c')"><rect width="100" height="50" fill="url(#l)"/><rect y="50" width="100" height="50" fill="url(#p)"/></g>
      <circle cx="50" cy="50" r="30" fill="url(#r)"/><rect x="60" y="60" width="40" height="40" mask="url(#m)"/>`,
    ),
    size: { width: 100, height: 100 },
  },
  styles: {
    svg: svg(
      'viewBox="0 0 100 100" style="background: #eef"',
      `<style><![CDATA[
        :root { --main: darkorange; }
        @media screen { .a { fill: var(--main); } }
        @media print { .a { fill: black; } }
        @media (prefers-color-scheme: dark) { .b { fill: black } }
        g > .b:first-child { fill: rgb(0 128 255 / 0.5); stroke: currentColor; stroke-width: .25rem }
        .c { transform: translate(20px, 10px) rotate(.125turn); transform-origin: 60px 60px; }
      ]]></style>
      <rect class="a" x="5" y="5" width="40" height="40"/><g color="red"><rect class="b" x="50" y="5" width="40" height="40"/></g>
      <rect class="c" x="50" y="50" width="20" height="20" fill="light-dark(seagreen, white)"/>
      <circle style="cx: 25px; cy: 75px; r: 15px; fill: var(--other, indigo)"/>`,
    ),
    size: { width: 100, height: 100 },
  },
  'filters and blending': {
    svg: svg(
      'viewBox="0 0 100 100"',
      `<filter id="f" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="3"/><feOffset dx="4" dy="4"/></filter>
      <rect width="100" height="100" fill="khaki"/><circle cx="40" cy="40" r="20" filter="url(#f)"/><circle cx="40" cy="40" r="20" fill="tomato"/>
      <rect x="45" y="45" width="45" height="45" fill="dodgerblue" style="mix-blend-mode: multiply"/><g opacity=".5"><rect x="10" y="70" width="40" height="20"/></g>`,
    ),
    size: { width: 100, height: 100 },
  },
  'markers, uses and symbols': {
    svg: svg(
      'viewBox="0 0 100 100"',
      `<defs><marker id="a" viewBox="0 0 10 10" refX="5" refY="5" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L10 5L0 10z"/></marker>
      <symbol id="s" viewBox="0 0 10 10"><circle cx="5" cy="5" r="5"/></symbol></defs>
      <path d="M10 80L50 20L90 80" fill="none" stroke="black" stroke-width="2" marker-start="url(#a)" marker-mid="url(#a)" marker-end="url(#a)"/>
      <use xlink:href="#s" x="10" y="10" width="20" height="20" fill="red"/><use href="#s" x="70" y="10" width="20" height="20" fill="blue"/>`,
    ),
    size: { width: 100, height: 100 },
  },
  'selectors and colors': {
    svg: svg(
      'viewBox="0 0 100 100"',
      `<style>
        @layer low { rect { stroke: crimson; stroke-width: 4px } #one { stroke: black } }
        rect:nth-of-type(2n) { fill: oklch(60% .15 250); rx: 12px }
        rect:not(:nth-of-type(2n)) { fill: hwb(40 10% 20%) !important }
        g:has(circle) > :last-child { fill: color(display-p3 .9 .4 .1) }
        #two ~ rect { stroke-dasharray: 6 3 }
      </style>
      <g><rect id="one" x="8" y="8" width="36" height="36" style="fill: black"/><rect id="two" x="56" y="8" width="36" height="36"/>
      <rect x="8" y="56" width="36" height="36"/><circle cx="74" cy="74" r="18" fill="black"/></g>`,
    ),
    size: { width: 100, height: 100 },
  },
  'turned markers, nested documents and missing filters': {
    svg: svg(
      'viewBox="0 0 100 100"',
      `<marker id="a" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker>
      <path d="M15 40L50 15L85 40" fill="none" stroke="teal" stroke-width="3" marker-start="url(#a)" marker-end="url(#a)"/>
      <svg x="10" y="50" width="40" height="40" viewBox="0 0 10 10" opacity=".5" transform="rotate(-10 30 70)"><rect width="8" height="8" fill="navy"/></svg>
      <rect x="60" y="55" width="2em" height="2em" fill="tomato" filter="url(#none)"/>`,
    ),
    size: { width: 100, height: 100 },
  },
  'sizes of symbols and of fonts': {
    svg: svg(
      'viewBox="0 0 100 100" style="font-size: 20px"',
      `<symbol id="s" viewBox="0 0 10 10" width="30" height="30"><circle cx="5" cy="5" r="5" fill="teal"/></symbol>
      <use href="#s" x="5" y="5"/><use href="#s" x="40" y="5" width="20"/><use href="#s" x="60" width="0"/>
      <g font-size="10"><rect width="2em" height="5mm" style="transform: translate(1em, 4em) rotate(10deg)"/></g>
      <rect width="1in" height="12pt" style="transform: translateY(70px); stroke: coral; stroke-width: .2rem"/>
      <rect x="60" y="40" width="20" height="20" fill="olive" style="transform: translate(9px 9px); transform: rotate(9deg, 9, 9)"/>`,
    ),
    size: { width: 100, height: 100 },
  },
  'images inside': {
    svg: svg(
      'viewBox="0 0 100 100"',
      `<image x="5" y="5" width="40" height="40" xlink:href="${pixels.replace(/(.{60})/g, '$1&#10;')}" style="image-rendering: pixelated"/>
      <image x="50" y="50" width="50" height="50" href="data:image/svg+xml;base64,${Buffer.from(svg('width="2in" height="1in" viewBox="0 0 100 50"', shapes)).toString('base64')}"/>`,
    ),
    size: { width: 100, height: 100 },
  },
  'a prefix and entities': {
    svg: `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE svg:svg [ <!ENTITY ns "http://www.w3.org/2000/svg"> <!ENTITY red "#c00"> <!ENTITY box "<s:rect xmlns:s='http://www.w3.org/2000/svg' width='50' height='50' fill='&red;'/>"> ]>
<svg:svg xmlns:svg="&ns;" xmlns:other="urn:other" width="100" height="60" other:note="x"><other:view>hidden</other:view>&box;<svg:circle cx="70" cy="30" r="20" fill="&red;"/></svg:svg>`,
    size: { width: 100, height: 60 },
  },
  text: {
    svg: svg(
      'viewBox="0 0 200 100" font-family="DejaVu Sans"',
      `<rect width="200" height="100" fill="ivory"/><text x="10" y="30" font-size="20">Plain, <tspan font-weight="bold" fill="crimson">bold</tspan> ÄÖß</text>
      <text x="190" y="55" text-anchor="end" style="font: bold 16px/1.2 'DejaVu Sans'">Ω Жук</text>
      <text x="100" y="85" text-anchor="middle">default size <tspan dy="-4" font-size="70%">up</tspan></text>`,
    ),
    size: { width: 200, height: 100 },
    bundledFont: true,
    differentShare: 0.025, // edges of glyphs, which a browser hints
  },
};
