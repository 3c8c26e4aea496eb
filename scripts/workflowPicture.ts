import { Graph as Layout, layout } from '@dagrejs/dagre';
import { exampleWorkflow } from '../src/engines/comfyui/exampleWorkflow.ts';
import { type GraphNode, graphSchema } from '../src/engines/comfyui/graph.ts';

/** In pixels. */
const margin = 6;
const corner = 8;
/** The height of a line of text in a node, and the width of a character, as wide as it gets. */
const line = { height: 27, character: 8.6 };
/** Readable on a light page and on a dark one: the nodes have a background of their own, and the links a gray between. */
const colors = {
  body: '#26292e',
  edge: '#8b929c',
  header: '#3d434b',
  bound: '#1663c7',
  text: '#ffffff',
  note: '#c3c9d1',
};

/** A node as it's drawn; x and y are its center. */
interface Box {
  /** As ComfyUI shows it: its title if it has one, otherwise its class. */
  readonly name: string;
  /** Its class, if that isn't its name. */
  readonly note: string | undefined;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The built-in graph for two images as SVG: nodes with their titles, and links from top to bottom. */
export function workflowPicture(): string {
  const models = { checkpoint: 'model.safetensors', preset: 'PLUS (high strength)' };
  const graph = graphSchema.parse(JSON.parse(exampleWorkflow({ kind: 'adapter', ...models }, 2)));
  const plan = new Layout<object, Box, { points: Point[] }>();
  plan.setGraph({ nodesep: 18, edgesep: 18, ranksep: 32 });
  for (const [id, node] of Object.entries(graph)) plan.setNode(id, boxOf(node));
  for (const [id, node] of Object.entries(graph)) {
    for (const from of sourcesOf(node)) plan.setEdge(from, id, { points: [] });
  }
  layout(plan);
  const links = plan.edges().map((edge) => linkOf(plan.node(edge.v), plan.edge(edge).points, plan.node(edge.w)));
  const boxes = plan.nodes().map((id) => plan.node(id));
  const [left, right] = boundsOf([
    ...links.flat().map(({ x }) => [x, x]),
    ...boxes.map(({ x, width }) => [x - width / 2, x + width / 2]),
  ]);
  const [top, bottom] = boundsOf(boxes.map(({ y, height }) => [y - height / 2, y + height / 2]));
  const [width, height] = [right - left + 2 * margin, bottom - top + 2 * margin].map(Math.ceil);
  // The layout has the first of several images at the right.
  const place = ({ x, y }: Point): Point => ({ x: round(right - x + margin), y: round(y - top + margin) });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, Helvetica, Arial, sans-serif" text-anchor="middle">`,
    '<title>The built-in graph for two images, with the titles of its nodes</title>',
    ...links.map((points) => drawLink(points.map(place))),
    ...boxes.map((box) => drawBox({ ...box, ...place(box) })),
    '</svg>\n',
  ].join('\n');
}

function boxOf({ class_type, _meta }: GraphNode): Box {
  const { title } = _meta ?? {};
  const name = title ?? class_type;
  const note = title === undefined ? undefined : class_type;
  const width = line.character * Math.max(name.length, note === undefined ? 0 : note.length * 0.8) + 24;
  return { name, note, x: 0, y: 0, width: Math.ceil(width), height: line.height * (note === undefined ? 1 : 2) };
}

/** The ids of the nodes that a node is linked to, each once. */
function sourcesOf({ inputs }: GraphNode): Set<string> {
  return new Set(Object.values(inputs).flatMap((input) => (Array.isArray(input) ? String(input[0]) : [])));
}

/** From the middle of one node to that of another, around those between. */
function linkOf(from: Box, points: readonly Point[], to: Box): Point[] {
  // Between neighbors, there is a single point between the ends.
  const around = points.length > 3 ? points.slice(1, -1) : [];
  return [{ x: from.x, y: from.y + from.height / 2 }, ...around, { x: to.x, y: to.y - to.height / 2 }];
}

function boundsOf(ranges: readonly (readonly number[])[]): [low: number, high: number] {
  return [Math.min(...ranges.flat()), Math.max(...ranges.flat())];
}

function drawBox({ name, note, x, y, width, height }: Box): string {
  const [left, top, right] = [round(x - width / 2), round(y - height / 2), round(x + width / 2)];
  const isBound = note !== undefined;
  const color = isBound ? colors.bound : colors.header;
  const frame = `<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="${corner}" fill="${isBound ? colors.body : color}" stroke="${colors.edge}"/>`;
  const text = `<text x="${x}" y="${round(top + 18.5)}" font-size="14" fill="${colors.text}"${isBound ? ' font-weight="600"' : ''}>${name}</text>`;
  if (!isBound) return frame + text;
  const header = `<path d="M${left} ${top + line.height}v${corner - line.height}q0 -${corner} ${corner} -${corner}H${right - corner}q${corner} 0 ${corner} ${corner}v${line.height - corner}z" fill="${color}"/>`;
  const below = `<text x="${x}" y="${round(top + line.height + 18)}" font-size="12" fill="${colors.note}">${note}</text>`;
  return frame + header + text + below;
}

/** A smooth line through the points. */
function drawLink([first, ...others]: readonly Point[]): string {
  if (!first) return '';
  let before = first;
  const curves = others.map((to) => {
    const half = round((before.y + to.y) / 2);
    const curve = `C${before.x} ${half} ${to.x} ${half} ${to.x} ${to.y}`;
    before = to;
    return curve;
  });
  return `<path d="M${first.x} ${first.y}${curves.join('')}" fill="none" stroke="${colors.edge}" stroke-width="2"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
