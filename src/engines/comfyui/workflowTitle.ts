import { limitsOf } from '../../mix/limits.ts';

/** What the title of a node binds it to. */
export type Binding =
  | { readonly kind: 'image'; readonly number: number }
  | { readonly kind: 'weight'; readonly number: number; readonly factor: number }
  | { readonly kind: Exclude<(typeof kinds)[number], 'image' | 'weight'> };

const kinds = ['image', 'weight', 'prompt', 'negative', 'seed', 'size', 'steps', 'guidance', 'output'] as const;

/** How many images a workflow can have. */
export const maxWorkflowImages = limitsOf('comfyui', 'v5').images.max;

const start = /^\s*mix:/i;
/** `mix:weight 2 *0.8`: the kind, the number of the image, and a factor. */
const part = /^mix:\s*([a-z]+)(?:\s*(\d{1,4}))?(?:\s*\*\s*(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9}))?[\s,]*$/i;

/** What a node is bound to, one after another: `mix:seed mix:steps`. None if the title isn't about a mix; undefined if it can't be read. */
export function parseTitle(title: string): readonly Binding[] | undefined {
  if (!start.test(title)) return [];
  const bindings = title
    .trim()
    .split(/(?=mix:)/i)
    .map(parsePart);
  return bindings.every((binding) => binding !== undefined) ? bindings : undefined;
}

function parsePart(text: string): Binding | undefined {
  const [, name = '', number, factor] = part.exec(text) ?? [];
  const kind = kinds.find((known) => known === name.toLowerCase());
  switch (kind) {
    case undefined:
      return undefined;
    case 'image':
      return factor === undefined && isNumber(number) ? { kind, number: Number(number ?? 1) } : undefined;
    case 'weight':
      return isNumber(number) ? { kind, number: Number(number ?? 1), factor: Number(factor ?? 1) } : undefined;
    default:
      return number === undefined && factor === undefined ? { kind } : undefined;
  }
}

/** An image without a number is the first. */
function isNumber(number = '1'): boolean {
  return Number(number) >= 1 && Number(number) <= maxWorkflowImages;
}
