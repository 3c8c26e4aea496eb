/** Properties that the renderer reads from attributes only. */
export const attributesOnly: ReadonlySet<string> = new Set([
  ...['x', 'y', 'width', 'height', 'cx', 'cy', 'r', 'rx', 'ry', 'd'],
  ...[
    'xml:space',
    'transform',
    'gradientTransform',
    'patternTransform',
    'transform-origin',
    'transform-box',
    'mask-type',
  ],
]);

/** Properties and lengths that the renderer draws. */
const drawn = new Set([
  ...attributesOnly,
  ...['fill', 'fill-opacity', 'fill-rule', 'clip-rule', 'paint-order', 'color', 'opacity', 'display', 'visibility'],
  ...['stroke', 'stroke-width', 'stroke-opacity', 'stroke-linecap', 'stroke-linejoin', 'stroke-miterlimit'],
  ...['stroke-dasharray', 'stroke-dashoffset', 'marker', 'marker-start', 'marker-mid', 'marker-end'],
  ...['clip-path', 'mask', 'filter', 'isolation', 'overflow', 'background', 'background-color'],
  ...['stop-color', 'stop-opacity', 'flood-color', 'flood-opacity', 'lighting-color', 'color-interpolation-filters'],
  ...['image-rendering', 'shape-rendering', 'text-rendering', 'color-rendering', 'white-space', 'writing-mode'],
  ...['font', 'font-family', 'font-size', 'font-style', 'font-weight', 'font-stretch', 'font-kerning'],
  ...['letter-spacing', 'word-spacing', 'text-anchor', 'dominant-baseline', 'alignment-baseline', 'baseline-shift'],
  ...['x1', 'x2', 'y1', 'y2', 'fx', 'fy', 'dx', 'dy', 'refX', 'refY', 'markerWidth', 'markerHeight'],
  ...['startOffset', 'textLength'],
]);

const decoration = '(?:none|underline|overline|line-through|solid|currentcolor)';
/** All values of other properties that are drawn, or change nothing. */
const drawnValues: Readonly<Record<string, RegExp>> = {
  'block-size': /^[\d.]+$/, // editors write a number, which browsers ignore
  'color-interpolation': /^(?:auto|srgb)$/i,
  direction: /^ltr$/i,
  'font-size-adjust': /^none$/i,
  'font-variant': /^normal$/i,
  'font-variant-ligatures': /^(?:normal|common-ligatures)$/i,
  'inline-size': /^[\d.]+$/,
  'mix-blend-mode':
    /^(?:normal|multiply|screen|overlay|darken|lighten|color-dodge|color-burn|hard-light|soft-light|difference|exclusion|hue|saturation|color|luminosity)$/i,
  'offset-anchor': /./, // noted as offset-path
  'offset-distance': /./,
  'offset-rotate': /./,
  scale: /^(?:none|1|100%)$/i,
  'text-decoration': new RegExp(`^${decoration}(?:\\s+${decoration})*$`, 'i'),
  'text-decoration-color': /^currentcolor$|^#000000$/i, // editors write this one without a line
  'text-decoration-line': new RegExp(`^${decoration}(?:\\s+${decoration})*$`, 'i'),
  'text-decoration-style': /^solid$/i,
  'text-orientation': /^(?:mixed|sideways)$/i,
  translate: /^(?:none|0(?:px|%)?)$/i,
  'unicode-bidi': /^(?:normal|embed|isolate|plaintext)$/i,
  'vector-effect': /^none$/i,
};

/** Keywords for values that count elsewhere. */
const inheriting = /^(?:initial|unset|revert|revert-layer|inherit)$/i;
/** Values that change nothing in the properties that aren't drawn and have no values above. */
const neutral =
  /^(?:none|normal|auto|initial|unset|revert|revert-layer|inherit|0(?:px|%|deg)?|1|100%|all|baseline|start|medium)$/i;

/** Properties of boxes, of paragraphs, of animations and of what a user does. Graphics don't have them. */
const withoutEffect = new Set([
  ...['align-content', 'align-items', 'align-self', 'appearance', 'aspect-ratio', 'backdrop-filter', 'caption-side'],
  ...['accent-color', 'backface-visibility', 'baseline-source', 'buffered-rendering', 'clear', 'clip', 'content'],
  ...['color-adjust', 'color-profile', 'color-scheme', 'contain', 'cursor', 'enable-background'],
  ...['float', 'forced-color-adjust', 'hyphens', 'image-orientation'],
  ...['kerning', 'line-break', 'line-height', 'object-fit', 'object-position', 'order', 'orphans', 'perspective'],
  ...['perspective-origin', 'pointer-events', 'position', 'print-color-adjust', 'quotes', 'rendering-intent', 'resize'],
  ...['tab-size', 'touch-action', 'transform-style', 'user-select', 'vertical-align', 'widows', 'will-change'],
  ...['word-break', 'word-wrap', 'z-index', 'zoom', 'top', 'right', 'bottom', 'left', 'gap', 'row-gap', 'columns'],
  ...['font-synthesis', 'font-smooth', 'font-optical-sizing', 'font-display', 'font-language-override'],
  ...['glyph-orientation-vertical', 'glyph-orientation-horizontal', 'shape-outside', 'shape-image-threshold'],
]);
/** Of the same properties, and of those that browsers never had. */
const withoutEffectPrefix =
  /^(?:animation-|background-|border|box-|break-|caret-|column-|container|counter-|flex|grid|hyphenate-|inset|justify-|list-style|margin|mask-border|max-|min-|outline-(?:color|offset|width)|overflow-|overscroll-|padding|page|place-|scroll|shape-(?:inside|margin|padding|subtract)|solid-|table-|text-(?:align|indent|justify|overflow|size-adjust|underline|wrap)|transition|-(?!webkit-(?:clip-path|filter|logical|mask|opacity|text-fill|text-security|text-stroke|transform|writing-mode)))/;

/** The properties that set the geometry of an element, in place of attributes of the same names. */
const geometry: Readonly<Record<string, readonly string[]>> = {
  circle: ['cx', 'cy', 'r'],
  ellipse: ['cx', 'cy', 'rx', 'ry'],
  image: ['x', 'y', 'width', 'height'],
  path: ['d'],
  rect: ['x', 'y', 'width', 'height', 'rx', 'ry'],
  svg: ['x', 'y'],
  use: ['x', 'y'],
};
const geometries = new Set(Object.values(geometry).flat());

/** Whether a property has no effect on an element, because it's the geometry of others. */
export function isForeignGeometry(property: string, element: string): boolean {
  return geometries.has(property) && !geometry[element]?.includes(property);
}

/** Whether an attribute has the value of a property, or a length. */
export function isProperty(attribute: string): boolean {
  return (drawn.has(attribute) || Object.hasOwn(drawnValues, attribute)) && !otherAttributes.has(attribute);
}

/** Attributes with the names of properties, whose values have another form. */
const otherAttributes = new Set([
  'd',
  'transform',
  'gradientTransform',
  'patternTransform',
  'xml:space',
  'font',
  'marker',
  'background',
  'background-color',
]);

/** Whether a property has an effect in browsers that the renderer doesn't draw. */
export function isUndrawn(property: string, value: string): boolean {
  if (drawn.has(property) || inheriting.test(value) || (drawnValues[property] ?? neutral).test(value)) return false;
  return !withoutEffect.has(property) && !withoutEffectPrefix.test(property);
}

/** Properties of boxes have an effect on the root, which is one. */
export function isUndrawnOnRoot(property: string, value: string): boolean {
  return /^(?:border(?!-(?:collapse|spacing|radius))|padding|margin|box-shadow)/.test(property) && !neutral.test(value);
}
