import * as z from 'zod';
import { draftImageSchema, draftSchema } from '../mix/draft.ts';
import { dialectNames, engineNames } from '../mix/limits.ts';
import { progressSchema } from '../mix/progress.ts';

/** One method or event of a side: what is sent, what comes back, and how long to wait for it (ms; null: as long as it takes). */
export interface Method {
  readonly params: z.ZodType;
  readonly result: z.ZodType;
  readonly timeout: number | null;
}
export type Contract = Readonly<Record<string, Method>>;

const method = <P extends z.ZodType, R extends z.ZodType>(params: P, result: R, timeout: number | null = 30_000) => ({
  params,
  result,
  timeout,
});
const nothing = z.void().or(z.null());
const bytes = z.instanceof(Uint8Array);

/** The engine that the next mix runs on, and what it takes. */
export const engineViewSchema = z.object({
  name: z.enum(engineNames),
  dialect: z.enum(dialectNames),
  hasKey: z.boolean(),
  trusted: z.boolean(),
  maxImages: z.number(),
  needsPrompt: z.boolean(),
  ignores: z.array(z.enum(['prompt', 'negativePrompt', 'steps', 'weights'])),
  /** What is left in the account at the service; null where that is not known. */
  balance: z.object({ amount: z.number(), currency: z.string() }).nullable(),
});
export type EngineView = z.infer<typeof engineViewSchema>;

/** Where failures are mended that no change to the mix can mend. */
const failureFixSchema = z.enum(['setApiKey', 'openAccount']);
export type FailureFix = z.infer<typeof failureFixSchema>;

/** A job of this window. `message` tells how it ended, in words. */
export const jobViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  engine: z.enum(engineNames),
  /** The address of its first source image. */
  source: z.string().optional(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  progress: progressSchema,
  message: z.string().optional(),
  /** The field or image of the mix that the message is about. */
  field: z.string().optional(),
  /** Where a failed job's trouble is mended. */
  fixes: z.array(failureFixSchema).readonly(),
  /** A job that timed out and can be looked up again. */
  canCheckAgain: z.boolean(),
});
export type JobView = z.infer<typeof jobViewSchema>;

/** A picture that was made. */
export const resultViewSchema = z.object({
  id: z.string(),
  uri: z.string(),
  /** The path as people see it. */
  path: z.string(),
  createdAt: z.number(),
  engine: z.enum(engineNames),
  seed: z.number(),
  prompt: z.string(),
  width: z.number(),
  height: z.number(),
});
export type ResultView = z.infer<typeof resultViewSchema>;

/** A message in words, on one field or image of the draft where it belongs to one. */
export const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  /** `width`, or `images.2` by position in the draft. */
  field: z.string().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

const addedSchema = z.object({ images: z.array(draftImageSchema), problems: z.array(problemSchema) });

/** What the panel may ask of the extension. */
export const hostContract = {
  /** The first message: everything the panel needs to draw itself. */
  ready: method(
    nothing,
    z.object({
      strings: z.record(z.string(), z.string()),
      draft: draftSchema.nullable(),
      engine: engineViewSchema,
      jobs: z.array(jobViewSchema),
      results: z.array(resultViewSchema),
    }),
  ),
  /** Opens the quick pick over the workspace's images. */
  pickImages: method(nothing, addedSchema, null),
  /** The same for one image, in place of another. */
  pickReplacement: method(nothing, addedSchema, null),
  /** Asks for a URL in an input box. */
  askUrl: method(nothing, addedSchema, null),
  /** Dropped or pasted addresses: `file:`, `vscode-remote:`, `http(s):`. */
  addUris: method(z.object({ uris: z.array(z.string()).max(100) }), addedSchema, 120_000),
  /** A picture that has no address: pasted, or dropped from another program. */
  addBytes: method(z.object({ name: z.string(), bytes }), addedSchema, 120_000),
  /** A small encoded preview; `width` and `height` are those of the source. */
  thumbnail: method(
    z.object({ uri: z.string(), side: z.number().int().min(16).max(1024) }),
    z.object({ bytes, mime: z.string(), width: z.number(), height: z.number() }),
    120_000,
  ),
  /** Decoded RGBA for the live preview, scaled to cover the given size. */
  pixels: method(
    z.object({ uri: z.string(), width: z.number().int().min(1).max(2048), height: z.number().int().min(1).max(2048) }),
    z.object({ width: z.number(), height: z.number(), data: bytes }),
    120_000,
  ),
  /** Opens the quick pick over the prompts of earlier mixes; null where none is chosen. */
  pickPrompt: method(nothing, z.object({ prompt: z.string().nullable() }), null),
  saveDraft: method(z.object({ draft: draftSchema }), nothing),
  /** Starts a mix; problems name the fields, and then no job was made. */
  mix: method(
    /** `randomSeed` is the seed where the draft has none: the one that the preview showed. */
    z.object({ draft: draftSchema, randomSeed: z.int() }),
    z.object({ jobId: z.string().nullable(), problems: z.array(problemSchema) }),
    null,
  ),
  cancel: method(z.object({ jobId: z.string() }), nothing),
  /** Takes an ended job off the list. */
  dismiss: method(z.object({ jobId: z.string() }), nothing),
  /** Looks up a timed-out job again. */
  checkAgain: method(z.object({ jobId: z.string() }), nothing),
  openResult: method(z.object({ id: z.string() }), nothing),
  revealResult: method(z.object({ id: z.string() }), nothing),
  copyPath: method(z.object({ id: z.string() }), nothing),
  /** The file of a result as it is. */
  readResult: method(z.object({ id: z.string() }), z.object({ bytes }), 120_000),
  /** Puts a link to a result into the last editor that can hold one; `file` is its name, null where there is none. */
  insertLink: method(z.object({ id: z.string() }), z.object({ file: z.string().nullable() })),
  /** Moves a result's file to the bin; where there is no bin people are asked whether it may go for good. */
  deleteResult: method(z.object({ id: z.string() }), nothing, null),
  /** The draft that made a result. */
  reuseSettings: method(z.object({ id: z.string() }), z.object({ draft: draftSchema })),
  useAsSource: method(z.object({ id: z.string() }), addedSchema),
  runCommand: method(
    z.object({ command: z.enum(['setApiKey', 'openAccount', 'openSettings', 'showLog']) }),
    nothing,
    null,
  ),
} as const satisfies Contract;

/** What the extension tells the panel. */
export const panelContract = {
  engine: method(engineViewSchema, nothing),
  job: method(jobViewSchema, nothing),
  jobRemoved: method(z.object({ jobId: z.string() }), nothing),
  results: method(z.object({ results: z.array(resultViewSchema) }), nothing),
  /** Puts images into the mix: at its end, or instead of it (the earlier mix stays one undo away). */
  addImages: method(z.object({ images: z.array(draftImageSchema), replace: z.boolean() }), nothing),
  /** Puts a whole mix in place of the present one. */
  replaceDraft: method(z.object({ draft: draftSchema }), nothing),
  /** The file of a picture that was asked for was written, deleted or came back. */
  imageChanged: method(z.object({ uri: z.string() }), nothing),
  /** Something to say that belongs to no field. */
  problem: method(problemSchema, nothing),
} as const satisfies Contract;

export type HostContract = typeof hostContract;
export type PanelContract = typeof panelContract;
