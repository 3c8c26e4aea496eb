import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { isAuthorization } from '../app/serverAuthorizations.ts';
import { dialectNames, type EngineName, engineNames } from '../mix/limits.ts';

export const usage = 'Usage: npm run mix -- RECIPE.mix.json [--engine local|hosted|comfyui] [--out DIR]';

const environmentSchema = z.object({
  IMAGE_MIXER_API_KEY: z.string().trim().min(1).optional(),
  IMAGE_MIXER_BASE_URL: z.string().trim().default(''),
  IMAGE_MIXER_DIALECT: z.enum(dialectNames).default('v5'),
  IMAGE_MIXER_COMFYUI_SERVERS: z.string().default('').transform(splitList),
  IMAGE_MIXER_COMFYUI_AUTHORIZATION: z
    .string()
    .trim()
    .refine((value) => value === '' || isAuthorization(value), 'Enter a scheme, a space, and the credentials.')
    .default(''),
});

/** What the command line and the environment ask for. */
export interface Invocation {
  /** Absolute path. */
  readonly recipe: string;
  readonly engine: EngineName;
  /** Absolute path; by default, the output folder next to the recipe. */
  readonly out: string | undefined;
  readonly environment: z.infer<typeof environmentSchema>;
}

/** Parses the command line. @throws Error that says what is wrong. */
export function parseInvocation(args: string[]): Invocation {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { engine: { type: 'string' }, out: { type: 'string' } },
  });
  const [recipe, ...more] = positionals;
  if (recipe === undefined || more.length > 0) throw new Error('Specify exactly one recipe.');
  const environment = environmentSchema.parse(process.env);
  const engine = z.enum(engineNames).parse(values.engine ?? engineFor(environment));
  // npm runs scripts in the package's folder, but paths are relative to the folder where the command was typed.
  const base = process.env.INIT_CWD ?? process.cwd();
  return {
    recipe: resolve(base, recipe),
    engine,
    out: values.out === undefined ? undefined : resolve(base, values.out),
    environment,
  };
}

/** The engine without an option: hosted with an API key, else comfyui with a server, else local. */
function engineFor(environment: Invocation['environment']): EngineName {
  if (environment.IMAGE_MIXER_API_KEY) return 'hosted';
  return environment.IMAGE_MIXER_COMFYUI_SERVERS.length > 0 ? 'comfyui' : 'local';
}

function splitList(text: string): string[] {
  return text.split(',').flatMap((part) => part.trim() || []);
}
