import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { apiKeySecret } from './app/apiKeys.ts';
import { Application } from './app/application.ts';
import { traceOf } from './app/jobLog.ts';
import { Messages } from './app/messages/messages.ts';
import { RecipeRunner } from './app/recipeRunner.ts';
import { isValidSetting, type SettingName } from './app/settings.ts';
import type { JobHandle } from './jobs/jobRunner.ts';
import { MixFailure } from './mix/failure.ts';
import { dialectNames, type EngineName, engineNames } from './mix/limits.ts';
import type { Outcome } from './mix/outcome.ts';
import { environmentRules } from './network/connectionRules.ts';

const usage = 'Usage: npm run mix -- RECIPE.mix.json [--engine local|hosted] [--out DIR]';

const environmentSchema = z.object({
  IMAGE_MIXER_API_KEY: z.string().trim().min(1).optional(),
  IMAGE_MIXER_BASE_URL: z.string().trim().default(''),
  IMAGE_MIXER_DIALECT: z.enum(dialectNames).default('v5'),
});
type Environment = z.infer<typeof environmentSchema>;

interface Invocation {
  /** Absolute path. */
  readonly recipe: string;
  readonly engine: EngineName;
  /** Absolute path; by default, the output folder next to the recipe. */
  readonly out: string | undefined;
  readonly environment: Environment;
}

/** Parses the command line. @throws Error that says what is wrong. */
function parseInvocation(args: string[]): Invocation {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { engine: { type: 'string' }, out: { type: 'string' } },
  });
  const [recipe, ...more] = positionals;
  if (recipe === undefined || more.length > 0) throw new Error('Specify exactly one recipe.');
  const environment = environmentSchema.parse(process.env);
  const engine = z.enum(engineNames).parse(values.engine ?? (environment.IMAGE_MIXER_API_KEY ? 'hosted' : 'local'));
  // npm runs scripts in the package's folder, but paths are relative to the folder where the command was typed.
  const base = process.env.INIT_CWD ?? process.cwd();
  return {
    recipe: resolve(base, recipe),
    engine,
    out: values.out === undefined ? undefined : resolve(base, values.out),
    environment,
  };
}

const noEvent = () => ({ dispose: () => {} });

/**
 * The application for the command line: the recipe's folder is the workspace, and nobody is asked.
 * @throws MixFailure if the hosted engine is to run and the base URL isn't one.
 */
function createApplication({ recipe, engine, environment }: Invocation): Application {
  // An invalid setting counts as unset, but then the key would go to the default service, which it isn't for.
  const isUrlValid = isValidSetting('hosted.baseUrl', environment.IMAGE_MIXER_BASE_URL);
  if (engine === 'hosted' && !isUrlValid) throw new MixFailure('network/bad-base-url', { retryable: false });
  const folder = dirname(recipe);
  const storage = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'image-mixer');
  const settings = new Map<string, unknown>(
    Object.entries({
      engine,
      'hosted.baseUrl': environment.IMAGE_MIXER_BASE_URL,
      'hosted.dialect': environment.IMAGE_MIXER_DIALECT,
      'hosted.uploads': 'allow', // running the command is the consent
      'hosted.maxConcurrent': 1,
    } satisfies Partial<Record<SettingName, unknown>>),
  );
  const app: Application = new Application({
    settings: { read: (name) => settings.get(name), onChange: noEvent },
    secrets: {
      // Jobs of earlier runs may belong to another service, which must not get this key.
      get: async (name) =>
        isUrlValid && name === apiKeySecret(app.services.origin()) ? environment.IMAGE_MIXER_API_KEY : undefined,
      store: async () => {},
      delete: async () => {},
      onChange: noEvent,
    },
    store: { get: () => undefined, update: async () => {} },
    questions: { confirm: async () => false },
    workspace: {
      isTrusted: () => true,
      onTrust: noEvent,
      firstFolder: () => folder,
      folderOf: () => folder,
      displayPath: (path) => path,
    },
    networkRules: () => environmentRules(process.env),
    globalStorage: storage,
    storage,
    windowStorage: storage,
    bundles: __dirname,
    examples: async () => [],
    translate: (sentence) => sentence,
    log: (level, line) => {
      if (level === 'error') console.error(line);
    },
    warn: (message) => console.error(message),
  });
  return app;
}

/** Runs one recipe. `signal` cancels it. */
async function mix(invocation: Invocation, signal: AbortSignal): Promise<Outcome> {
  const { recipe, engine, out } = invocation;
  const { starter, engine: engineChoice, messages, services } = createApplication(invocation);
  const { runner } = services;
  const cancel = (job: JobHandle) => {
    void runner.cancel(job.id);
    void runner.dispose(); // suspends jobs of earlier runs, which the next run resumes
  };
  try {
    const resumed = await runner.resume(); // paid work that an earlier run couldn't wait for
    const recipes = new RecipeRunner({
      starter,
      engine: engineChoice,
      runner,
      messages,
      onStart: (job) => {
        signal.addEventListener('abort', () => cancel(job));
        if (signal.aborted) cancel(job);
      },
      showProgress: async (job, onProgress) => {
        let shown = '';
        const stop = onProgress((text) => {
          if (text !== shown) console.error(text);
          shown = text;
        });
        await job.finished.finally(stop);
      },
    });
    const outcome = await recipes.run({ file: recipe }, () => ({ engine, outputFolder: out }));
    if (outcome.jobId === '') return outcome; // not started; the next run resumes the jobs of earlier ones
    for (const { finished } of resumed) {
      const { record } = await finished;
      for (const { path, written } of record.results) if (written) console.error(`Saved by an earlier run: ${path}`);
    }
    return outcome;
  } finally {
    await services.dispose();
  }
}

async function main(): Promise<number> {
  let invocation: Invocation;
  try {
    invocation = parseInvocation(process.argv.slice(2));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : '';
    console.error(`${detail}\n${usage}`);
    return 1;
  }
  const cancellation = new AbortController();
  process.once('SIGINT', () => cancellation.abort());
  process.once('SIGTERM', () => cancellation.abort());
  const outcome = await mix(invocation, cancellation.signal).catch((error: unknown) =>
    new Messages(undefined, (unexpected) => console.error(traceOf(unexpected))).failedOutcome(error, invocation.engine),
  );
  for (const warning of outcome.warnings) console.error(warning);
  if (outcome.error) console.error(outcome.error.message);
  console.log(JSON.stringify(outcome));
  return { done: 0, failed: 1, cancelled: 130 }[outcome.status];
}

void main().then((code) => {
  process.exitCode = code;
});
