import * as z from 'zod';
import type { PreviewImage } from '../../engine.ts';
import { outputImagesSchema, type ServerFile } from './answers.ts';
import { type ExecutionError, executionErrorSchema } from './history.ts';

/** What happens to a prompt, as its socket tells. */
export type PromptEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'cached'; readonly nodes: readonly string[] }
  /** A node begins. */
  | { readonly kind: 'executing'; readonly node: string }
  /** The prompt ended in whatever way, and its history is written. */
  | { readonly kind: 'finished' }
  /** Steps of a node: of the sampler, but also of loaders. */
  | { readonly kind: 'progress'; readonly node: string; readonly value: number; readonly max: number }
  /** A node has its output. */
  | { readonly kind: 'executed'; readonly node: string; readonly images: readonly ServerFile[] }
  /** The prompt succeeded; its history isn't written yet. */
  | { readonly kind: 'success' }
  | { readonly kind: 'failed'; readonly error: ExecutionError }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'preview'; readonly image: PreviewImage };

/** A message of the socket. Those about a prompt have its id. */
export type SocketMessage =
  | { readonly kind: 'prompt'; readonly promptId: string; readonly event: PromptEvent }
  /** How many prompts run or wait. */
  | { readonly kind: 'queue'; readonly length: number }
  | { readonly kind: 'features'; readonly previewMetadata: boolean }
  /** A preview that doesn't tell which prompt it belongs to. */
  | { readonly kind: 'preview'; readonly image: PreviewImage }
  /** Something that isn't used, such as an event of a node pack. */
  | { readonly kind: 'other' };

const idSchema = z.union([z.string(), z.number().transform(String)]);
const nodeStateSchema = z.object({ value: z.number(), max: z.number(), state: z.string() }).optional().catch(undefined);
const promptSchema = z.object({ prompt_id: z.string() });

const schemas = {
  status: z.object({ status: z.object({ exec_info: z.object({ queue_remaining: z.number().min(0) }) }) }),
  feature_flags: z.object({ supports_preview_metadata: z.boolean().catch(false) }),
  execution_start: promptSchema,
  execution_cached: promptSchema.extend({ nodes: z.array(idSchema).catch([]) }),
  // On connecting, a bare `{node}` may come.
  executing: z.object({ prompt_id: z.string().optional().catch(undefined), node: idSchema.nullable() }),
  progress: promptSchema.extend({ node: idSchema, value: z.number(), max: z.number() }),
  progress_state: promptSchema.extend({ nodes: z.record(z.string(), nodeStateSchema) }),
  executed: promptSchema.extend({ node: idSchema, output: outputImagesSchema }),
  execution_success: promptSchema,
  execution_error: promptSchema.and(executionErrorSchema),
  execution_interrupted: promptSchema,
} as const;

const envelopeSchema = z.object({ type: z.string(), data: z.unknown() });

/** Reads a text message. @throws ZodError if it isn't a message, or one of a known type has another form. */
export function parseMessage(json: unknown): SocketMessage {
  const { type, data } = envelopeSchema.parse(json);
  switch (type) {
    case 'status':
      return { kind: 'queue', length: schemas.status.parse(data).status.exec_info.queue_remaining };
    case 'feature_flags':
      return { kind: 'features', previewMetadata: schemas.feature_flags.parse(data).supports_preview_metadata };
    case 'execution_start':
      return about(schemas.execution_start.parse(data), { kind: 'start' });
    case 'execution_cached': {
      const cached = schemas.execution_cached.parse(data);
      return about(cached, { kind: 'cached', nodes: cached.nodes });
    }
    case 'executing': {
      const { prompt_id, node } = schemas.executing.parse(data);
      if (prompt_id === undefined) return { kind: 'other' };
      return about({ prompt_id }, node === null ? { kind: 'finished' } : { kind: 'executing', node });
    }
    case 'progress': {
      const { node, value, max, ...prompt } = schemas.progress.parse(data);
      return about(prompt, { kind: 'progress', node, value, max });
    }
    case 'progress_state':
      return stateMessage(schemas.progress_state.parse(data));
    case 'executed': {
      const { node, output, ...prompt } = schemas.executed.parse(data);
      return about(prompt, { kind: 'executed', node, images: output });
    }
    case 'execution_success':
      return about(schemas.execution_success.parse(data), { kind: 'success' });
    case 'execution_error': {
      const { prompt_id, ...error } = schemas.execution_error.parse(data);
      return about({ prompt_id }, { kind: 'failed', error });
    }
    case 'execution_interrupted':
      return about(schemas.execution_interrupted.parse(data), { kind: 'interrupted' });
    default:
      return { kind: 'other' };
  }
}

/** `progress_state` lists every node so far; the one that runs is what `progress` would name. */
function stateMessage({ prompt_id, nodes }: z.output<typeof schemas.progress_state>): SocketMessage {
  const running = Object.entries(nodes).find(([, state]) => state?.state === 'running');
  const [node, state] = running ?? [];
  if (node === undefined || !state) return { kind: 'other' };
  return about({ prompt_id }, { kind: 'progress', node, value: state.value, max: state.max });
}

function about({ prompt_id }: { prompt_id: string }, event: PromptEvent): SocketMessage {
  return { kind: 'prompt', promptId: prompt_id, event };
}
