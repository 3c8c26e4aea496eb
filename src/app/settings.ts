import * as z from 'zod';
import type { ServiceSettings } from '../engines/hosted/service.ts';
import { dialectNames, imageStrengthRange, usualImageStrength } from '../mix/limits.ts';
import { resultFormats } from '../mix/resultFormat.ts';
import type { SettingSource } from './ports.ts';

/**
 * The accepted values and the default of each setting. The manifest repeats them for the settings editor. A base URL without encryption,
 * an address of a server, and an output folder outside the workspace pass here, and fail later, when they are used (`serviceOf`,
 * `serverAddress`, `outputFolder`).
 */
const schemas = {
  engine: z.enum(['auto', 'hosted', 'comfyui', 'local']).default('auto'),
  'hosted.baseUrl': z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  'hosted.dialect': z.enum(dialectNames).default('v5'),
  'hosted.uploads': z.enum(['ask', 'allow', 'never']).default('ask'),
  'hosted.maxConcurrent': z.int().min(1).max(15).default(3),
  'hosted.timeout': z.int().min(10).max(86_400).default(600),
  'comfyui.servers': z.array(z.string()).max(16).default([]),
  'comfyui.checkpoint': z.string().trim().default(''),
  'comfyui.preset': z.string().trim().min(1).default('PLUS (high strength)'),
  'comfyui.imageStrength': z
    .number()
    .min(imageStrengthRange.min)
    .max(imageStrengthRange.max)
    .default(usualImageStrength),
  'comfyui.workflow': z.string().trim().default(''),
  'comfyui.timeout': z.int().min(10).max(86_400).default(1800),
  'images.allowPrivateAddresses': z.boolean().default(false),
  'output.folder': z.string().trim().min(1).default('mixes'),
  'output.fileName': z.string().trim().min(1).default('{name}-{seed}-{index}'),
  'output.embedRecipe': z.boolean().default(true),
  'output.format': z.enum(resultFormats).default('png'),
} as const;

export type SettingName = keyof typeof schemas;
type SettingValues = { readonly [Name in SettingName]: z.output<(typeof schemas)[Name]> };
export type SettingValue<Name extends SettingName> = SettingValues[Name];

const parsers: { readonly [Name in SettingName]: z.ZodType<SettingValues[Name]> } = schemas;

/** A URL may contain a password, so values of these settings aren't shown. */
const hidden: readonly SettingName[] = ['hosted.baseUrl', 'comfyui.servers'];

/** Whether `imageMixer.NAME` can have this value. */
export function isValidSetting(name: SettingName, value: unknown): boolean {
  return parsers[name].safeParse(value).success;
}

/** The settings, validated. A setting with a value that it can't have counts as unset, so its default applies. */
export class Settings {
  readonly #source: SettingSource;
  readonly #onInvalid: (name: SettingName, value: string | undefined) => void;
  readonly #reported = new Set<string>();

  /** @param onInvalid called once for each invalid value, with the value as JSON; without it if it may contain a password. */
  constructor(source: SettingSource, onInvalid: (name: SettingName, value: string | undefined) => void) {
    this.#source = source;
    this.#onInvalid = onInvalid;
  }

  get onChange(): SettingSource['onChange'] {
    return (listener) => this.#source.onChange(listener);
  }

  /** The settings that say which hosted service is used. */
  service(): ServiceSettings {
    return { baseUrl: this.get('hosted.baseUrl'), dialect: this.get('hosted.dialect') };
  }

  /** The settings that say how a mix on a ComfyUI server is made. @param folder absolute path of the workspace folder. */
  comfyui(folder?: string) {
    return {
      checkpoint: this.get('comfyui.checkpoint', folder),
      preset: this.get('comfyui.preset', folder),
      imageStrength: this.get('comfyui.imageStrength', folder),
      workflow: this.get('comfyui.workflow', folder),
    };
  }

  /** The value of `imageMixer.NAME`. @param folder absolute path of the workspace folder, for settings that can differ by folder. */
  get<Name extends SettingName>(name: Name, folder?: string): SettingValue<Name> {
    const schema = parsers[name];
    const written = this.#source.read(name, folder);
    const parsed = schema.safeParse(written);
    if (parsed.success) return parsed.data;
    const value = JSON.stringify(written) ?? '';
    if (!this.#reported.has(`${name} ${value}`)) {
      this.#reported.add(`${name} ${value}`);
      this.#onInvalid(name, hidden.includes(name) ? undefined : value);
    }
    return schema.parse(undefined);
  }
}
