import * as z from 'zod';
import { draftImageSchema, draftSchema } from '../mix/draft.ts';
import { dialectNames, engineNames, imageStrengthRange, unusedParts } from '../mix/limits.ts';
import { progressSchema } from '../mix/progress.ts';
import { comfyuiViewSchema, serverViewSchema } from './serverContract.ts';

/** A method or event: its parameters, its result, and the time-out in milliseconds, or null for none. */
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
const noResult = z.void().or(z.null());
const bytes = z.instanceof(Uint8Array);
const rasterSchema = z.object({ width: z.number(), height: z.number(), data: bytes });

/** The values of the setting that chooses the engine. */
export const engineChoices = ['auto', ...engineNames] as const;
export type EngineChoiceName = (typeof engineChoices)[number];

/** The engine of the next mix, and what it accepts. */
export const engineViewSchema = z.object({
  /** The setting that chose it. */
  choice: z.enum(engineChoices),
  name: z.enum(engineNames),
  dialect: z.enum(dialectNames),
  hasKey: z.boolean(),
  trusted: z.boolean(),
  maxImages: z.number(),
  /** The longest side of a result, in pixels. */
  maxSide: z.number(),
  needsPrompt: z.boolean(),
  /** The parts of a mix that have no effect. */
  ignores: z.array(z.enum(unusedParts)),
  /** The balance of the account at the service; null if it isn't known. */
  balance: z.object({ amount: z.number(), currency: z.string() }).nullable(),
  /** Null for other engines. */
  comfyui: comfyuiViewSchema.nullable(),
});
export type EngineView = z.infer<typeof engineViewSchema>;

/** The command that fixes a failure which no change to the mix can fix. */
const failureFixSchema = z.enum(['setApiKey', 'openAccount', 'checkComfyUI', 'setComfyUIAuthorization']);
export type FailureFix = z.infer<typeof failureFixSchema>;

/** A job of this window. `message` says how it ended. */
export const jobViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  engine: z.enum(engineNames),
  /** The URI of its first source image. */
  source: z.string().optional(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  progress: progressSchema,
  /** The name of the ComfyUI server that has it, once there is one. */
  server: z.string().optional(),
  message: z.string().optional(),
  /** The field or image of the mix that the message is about. */
  field: z.string().optional(),
  /** Commands that may fix a failed job. */
  fixes: z.array(failureFixSchema).readonly(),
  /** Whether another run of this failed job may still get results. */
  canCheckAgain: z.boolean(),
});
export type JobView = z.infer<typeof jobViewSchema>;

/** What the unfinished result of a running job looks like, encoded. */
export const jobPreviewSchema = z.object({ jobId: z.string(), bytes, mime: z.enum(['image/jpeg', 'image/png']) });
export type JobPreview = z.infer<typeof jobPreviewSchema>;

/** A setting that the panel can change, with its value. */
export const settingChangeSchema = z.discriminatedUnion('name', [
  z.object({ name: z.literal('engine'), value: z.enum(engineChoices) }),
  z.object({ name: z.literal('comfyui.preset'), value: z.string().min(1) }),
  z.object({
    name: z.literal('comfyui.imageStrength'),
    value: z.number().min(imageStrengthRange.min).max(imageStrengthRange.max),
  }),
]);
export type SettingChange = z.infer<typeof settingChangeSchema>;

/** A result. */
export const resultViewSchema = z.object({
  id: z.string(),
  uri: z.string(),
  /** The path to display. */
  path: z.string(),
  createdAt: z.number(),
  engine: z.enum(engineNames),
  seed: z.number(),
  prompt: z.string(),
  width: z.number(),
  height: z.number(),
});
export type ResultView = z.infer<typeof resultViewSchema>;

/** A message, about a field or image of the draft if `field` is set. */
export const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  /** `width`, or `images.2` by position in the draft. */
  field: z.string().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

const importedImagesSchema = z.object({ images: z.array(draftImageSchema), problems: z.array(problemSchema) });

/** The methods of the extension, which the panel calls. */
export const hostContract = {
  /** The first call: returns everything that the panel needs to render. */
  ready: method(
    noResult,
    z.object({
      strings: z.record(z.string(), z.string()),
      draft: draftSchema.nullable(),
      /** Of two drafts, the one with the higher revision is newer; 0 if nothing was edited yet. */
      revision: z.int(),
      engine: engineViewSchema,
      jobs: z.array(jobViewSchema),
      /** Of the running jobs. */
      previews: z.array(jobPreviewSchema),
      results: z.array(resultViewSchema),
      /** What couldn't be loaded. */
      problems: z.array(problemSchema),
    }),
  ),
  /** Opens the quick pick of the workspace's images. */
  pickImages: method(noResult, importedImagesSchema, null),
  /** The same for one image, which replaces another. */
  pickReplacement: method(noResult, importedImagesSchema, null),
  /** Asks for a URL in an input box. */
  askUrl: method(noResult, importedImagesSchema, null),
  /** Imports dropped or pasted URIs: `file:`, `vscode-remote:`, `http(s):`. */
  addUris: method(z.object({ uris: z.array(z.string()).max(100) }), importedImagesSchema, 120_000),
  /** Imports an image without a URI: pasted, or dropped from another program. */
  addBytes: method(z.object({ name: z.string(), bytes }), importedImagesSchema, 120_000),
  /** An encoded thumbnail. `width`, `height` and `warnings` of the result are those of the source. */
  thumbnail: method(
    z.object({ uri: z.string(), side: z.number().int().min(16).max(1024) }),
    z.object({ bytes, mime: z.string(), width: z.number(), height: z.number(), warnings: z.array(z.string()) }),
    120_000,
  ),
  /** Decoded RGBA pixels for the live preview, scaled to cover the given size. */
  pixels: method(
    z.object({ uri: z.string(), width: z.number().int().min(1).max(2048), height: z.number().int().min(1).max(2048) }),
    rasterSchema,
    120_000,
  ),
  /** Opens the quick pick of earlier prompts. Null if none was picked. */
  pickPrompt: method(noResult, z.object({ prompt: z.string().nullable() }), null),
  /** Saves the draft of an edit. `files`: the URIs of the images in the undo history, whose copies are still needed. */
  saveDraft: method(z.object({ revision: z.int(), draft: draftSchema, files: z.array(z.string()) }), noResult),
  /** Submits a mix. If the draft has problems, no job is created. */
  mix: method(
    /** `randomSeed` is used if the draft has no seed. The preview uses it too. */
    z.object({ draft: draftSchema, randomSeed: z.int() }),
    z.object({ jobId: z.string().nullable(), problems: z.array(problemSchema) }),
    null,
  ),
  cancel: method(z.object({ jobId: z.string() }), noResult),
  /** Removes an ended job from the list. */
  dismiss: method(z.object({ jobId: z.string() }), noResult),
  /** Runs a failed job again, to get results that already exist. */
  checkAgain: method(z.object({ jobId: z.string() }), noResult),
  openResult: method(z.object({ id: z.string() }), noResult),
  revealResult: method(z.object({ id: z.string() }), noResult),
  copyPath: method(z.object({ id: z.string() }), noResult),
  /** The bytes of a result's file. */
  readResult: method(z.object({ id: z.string() }), z.object({ bytes }), 120_000),
  /** Inserts a link to a result into the last active editor that supports links. `file` is its name; null if there is none. */
  insertLink: method(z.object({ id: z.string() }), z.object({ file: z.string().nullable() })),
  /** Moves a result's file to the Trash. Without one, the user is asked before the file is deleted permanently. */
  deleteResult: method(z.object({ id: z.string() }), noResult, null),
  /** The draft that made a result. */
  reuseSettings: method(z.object({ id: z.string() }), z.object({ draft: draftSchema })),
  useAsSource: method(z.object({ id: z.string() }), importedImagesSchema),
  /** Changes a setting where it's set, or else in the user's settings. */
  changeSetting: method(settingChangeSchema, noResult),
  /** Asks the ComfyUI servers again. */
  checkServers: method(noResult, noResult, null),
  runCommand: method(
    z.object({ command: z.enum([...failureFixSchema.options, 'openSettings', 'setServers', 'showLog']) }),
    noResult,
    null,
  ),
} as const satisfies Contract;

/** The methods of the panel, which the extension calls. */
export const panelContract = {
  engine: method(engineViewSchema, noResult),
  /** The ComfyUI servers as they answer, if mixes run on them. */
  servers: method(z.object({ servers: z.array(serverViewSchema).nullable() }), noResult),
  job: method(jobViewSchema, noResult),
  /** In place of the preview that the job had before. */
  jobPreview: method(jobPreviewSchema, noResult),
  /** A job left the list. */
  jobRemoved: method(z.object({ jobId: z.string() }), noResult),
  /** `problems`: why other results aren't listed. */
  results: method(z.object({ results: z.array(resultViewSchema), problems: z.array(problemSchema) }), noResult),
  /** Adds images to the mix. With `replace` they start a new mix, and one undo restores the earlier one. */
  addImages: method(z.object({ images: z.array(draftImageSchema), replace: z.boolean() }), noResult),
  /** The first pixels of an image that was just added, so that a panel that opens needn't request them. */
  firstPixels: method(z.object({ uri: z.string(), raster: rasterSchema }), noResult),
  /** Replaces the whole mix. */
  replaceDraft: method(z.object({ draft: draftSchema }), noResult),
  /** The file of an image that the panel has requested was written, deleted or restored. */
  imageChanged: method(z.object({ uri: z.string() }), noResult),
} as const satisfies Contract;

export type HostContract = typeof hostContract;
export type PanelContract = typeof panelContract;
