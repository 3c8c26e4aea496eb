import * as z from 'zod';

/** An id or a name. Nodes of packs choose their own, so it may be as long as the answer: it's cut to what a message can show. */
const textSchema = z
  .string()
  .catch('')
  .transform((text) => text.slice(0, 200));

const nodeErrorSchema = z.object({
  class_type: textSchema,
  errors: z
    .array(
      z
        .object({
          type: textSchema,
          details: textSchema,
          extra_info: z
            .object({ input_name: textSchema, received_value: z.unknown() })
            .catch({ input_name: '', received_value: undefined }),
        })
        .optional()
        .catch(undefined),
    )
    .catch([]),
});

/** An error of one input, in a flat form. */
export interface InputProblem {
  readonly node: string;
  readonly nodeType: string;
  /** ComfyUI's id of the problem, such as `value_not_in_list`. */
  readonly problem: string;
  readonly input: string;
  /** What the graph has there. */
  readonly value: unknown;
}

const nodeErrorsSchema = z
  .record(z.string(), nodeErrorSchema.optional().catch(undefined))
  .catch({})
  .transform((nodes) =>
    Object.entries(nodes).flatMap(([node, found]) =>
      (found?.errors ?? []).flatMap((error): InputProblem[] => {
        if (!error) return [];
        const { input_name: input, received_value: value } = error.extra_info;
        return [{ node: node.slice(0, 200), nodeType: found?.class_type ?? '', problem: error.type, input, value }];
      }),
    ),
  );

/** The answer to an accepted prompt. Outputs with problems are left out of the run. */
export const acceptedSchema = z
  .object({ prompt_id: z.string(), number: z.number().catch(0), node_errors: nodeErrorsSchema.optional() })
  .transform(({ prompt_id, number, node_errors }) => ({ promptId: prompt_id, number, problems: node_errors ?? [] }));

/** The answer to a prompt with a graph that can't run. Older servers name a missing class only in prose. */
export const refusedSchema = z
  .object({
    error: z.object({
      type: textSchema,
      message: textSchema,
      extra_info: z.object({ class_type: textSchema }).catch({ class_type: '' }),
    }),
    node_errors: nodeErrorsSchema.optional(),
  })
  .transform(({ error, node_errors }) => ({
    type: error.type,
    missingClass:
      error.extra_info.class_type || /\bnode ['"]?([\w .:+/-]{1,80}?)['"]? does not exist/i.exec(error.message)?.[1],
    problems: node_errors ?? [],
  }))
  .catch({ type: '', missingClass: undefined, problems: [] });
export type RefusedPrompt = z.output<typeof refusedSchema>;
