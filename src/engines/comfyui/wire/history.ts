import * as z from 'zod';
import { outputImagesSchema } from './answers.ts';

const textSchema = z.string().catch('');

export const executionErrorSchema = z
  .object({
    node_id: z.union([z.string(), z.number().transform(String)]).catch(''),
    node_type: textSchema,
    exception_type: textSchema,
    exception_message: textSchema,
  })
  .transform((error) => ({
    node: error.node_id,
    nodeType: error.node_type,
    exceptionType: error.exception_type,
    exceptionMessage: error.exception_message,
  }));
/** The node that failed, and its exception. The message may contain paths of the server, so it isn't shown or logged. */
export type ExecutionError = z.output<typeof executionErrorSchema>;

const messageSchema = z.tuple([z.string(), z.unknown()], z.unknown()).optional().catch(undefined);

const entrySchema = z
  .object({
    outputs: z.record(z.string(), outputImagesSchema).catch({}),
    status: z
      .object({ status_str: textSchema, messages: z.array(messageSchema).catch([]) })
      .catch({ status_str: '', messages: [] }),
  })
  .transform(({ outputs, status }) => {
    const messages = new Map(
      status.messages.map((message) => message ?? (['', undefined] as const)).map(([event, data]) => [event, data]),
    );
    const images = new Map(Object.entries(outputs));
    // An interrupt has the same status as an error; only this message tells them apart.
    if (messages.has('execution_interrupted')) return { outcome: 'interrupted' as const, images };
    if (status.status_str !== 'error') return { outcome: 'success' as const, images };
    const error = executionErrorSchema.safeParse(messages.get('execution_error')).data;
    return { outcome: 'failed' as const, images, error };
  });
/** How a prompt ended: its result files by node, and the error if a node failed. */
export type HistoryEntry = z.output<typeof entrySchema>;

/** The answer to `/history/ID`: `{}` while the prompt is unknown, waits or runs. */
export const historySchema = z.record(z.string(), entrySchema);
