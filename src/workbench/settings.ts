import * as vscode from 'vscode';
import * as z from 'zod';
import { dialectNames } from '../mix/limits.ts';

const schemas = {
  engine: z.enum(['auto', 'hosted', 'local']),
  'hosted.baseUrl': z.union([z.literal(''), z.url({ protocol: /^https?$/ })]),
  'hosted.dialect': z.enum(dialectNames),
  'hosted.uploads': z.enum(['ask', 'allow', 'never']),
  'hosted.maxConcurrent': z.int().min(1).max(15),
  'hosted.timeout': z.int().min(10).max(86_400),
  'images.allowPrivateAddresses': z.boolean(),
  'output.folder': z.string().trim().min(1),
  'output.fileName': z.string().trim().min(1),
  'output.embedRecipe': z.boolean(),
} as const;
type Schemas = typeof schemas;

/** A setting that holds something else than it may. */
export class SettingError extends Error {
  readonly setting: string;
  constructor(setting: string, detail: string) {
    super(detail);
    this.setting = setting;
  }
}

/**
 * The value of `imageMixer.NAME`, for a resource where the setting can differ by folder.
 * @throws SettingError where the value is not one the setting may have.
 */
export function setting<N extends keyof Schemas>(name: N, scope?: vscode.Uri): z.output<Schemas[N]> {
  const value: unknown = vscode.workspace.getConfiguration('imageMixer', scope).get(name);
  const parsed = schemas[name].safeParse(value);
  if (!parsed.success) throw new SettingError(`imageMixer.${name}`, z.prettifyError(parsed.error));
  return parsed.data as z.output<Schemas[N]>; // TypeScript can't tie the indexed schema to N
}
