import { z } from 'zod';

/** A prompt in API format. */
export type Graph = Readonly<Record<string, GraphNode>>;

export interface GraphNode {
  readonly class_type?: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly _meta?: { readonly title?: string | undefined } | undefined;
}

export const graphSchema: z.ZodType<Graph> = z.record(
  z.string(),
  z.looseObject({
    class_type: z.string().optional(),
    inputs: z.record(z.string(), z.unknown()),
    _meta: z.looseObject({ title: z.string().optional() }).optional(),
  }),
);

const linkSchema = z.tuple([z.coerce.string(), z.int()]);

/** The node and output that an input is linked to; undefined if it isn't an array. @throws Error for another array. */
export function linkOf(value: unknown): readonly [string, number] | undefined {
  if (!Array.isArray(value)) return undefined;
  const link = linkSchema.safeParse(value);
  if (!link.success) throw new BadLink();
  return link.data;
}

/** An array that isn't a node's id and the index of an output. */
export class BadLink extends Error {}

/** The ids of the nodes that a node's inputs are linked to. Bad links are left out. */
export function linkedNodes(node: GraphNode): string[] {
  return Object.values(node.inputs).flatMap((value) => {
    const link = linkSchema.safeParse(value);
    return link.success ? [link.data[0]] : [];
  });
}
