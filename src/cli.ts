import { randomInt, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { systemClock } from './engines/clock.ts';
import { createHostedEngine } from './engines/hosted/engine.ts';
import { serviceOf } from './engines/hosted/service.ts';
import { FolderStore } from './engines/hosted/sharedStore.ts';
import { createLocalEngine } from './engines/local/engine.ts';
import { createNetwork } from './network/connections.ts';
import { environmentRules } from './network/connectionRules.ts';
import { createSourceReader } from './images/sourceReader.ts';
import { WorkerCodec } from './images/workerCodec.ts';
import { outputFolder, planJob } from './app/jobRequest.ts';
import { JobRunner } from './jobs/runner.ts';
import { MixFailure } from './mix/failure.ts';
import { dialectNames, type EngineName, engineNames } from './mix/limits.ts';
import type { Outcome } from './mix/outcome.ts';
import { PictureWriter } from './output/pictureWriter.ts';
import { traceOf } from './app/jobLog.ts';
import { stageWords } from './app/messages/progressText.ts';
import { Words } from './app/messages/messages.ts';

const words = new Words(undefined, (error) => console.error(traceOf(error)));
const usage = 'Usage: npm run mix -- RECIPE.mix.json [--engine local|hosted] [--out DIR]';

const environmentSchema = z.object({
  IMAGE_MIXER_API_KEY: z.string().trim().min(1).optional(),
  IMAGE_MIXER_BASE_URL: z.string().default(''),
  IMAGE_MIXER_DIALECT: z.enum(dialectNames).default('v5'),
});
type Environment = z.infer<typeof environmentSchema>;

interface Call {
  readonly recipe: string;
  readonly engine: EngineName;
  readonly out: string | undefined;
  readonly environment: Environment;
}

/** What the command line asks for. @throws Error with the usage where it can't be understood. */
function readCall(args: string[]): Call {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { engine: { type: 'string' }, out: { type: 'string' } },
  });
  const [recipe, ...more] = positionals;
  if (recipe === undefined || more.length > 0) throw new Error('Name one recipe.');
  const environment = environmentSchema.parse(process.env);
  const engine = z.enum(engineNames).parse(values.engine ?? (environment.IMAGE_MIXER_API_KEY ? 'hosted' : 'local'));
  // npm runs scripts in the package's folder; paths mean the folder where the command was typed.
  const from = process.env.INIT_CWD ?? process.cwd();
  return {
    recipe: resolve(from, recipe),
    engine,
    out: values.out === undefined ? undefined : resolve(from, values.out),
    environment,
  };
}

async function readRecipe(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new MixFailure('invalid-recipe/no-file', { args: { file: path }, cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : '';
    throw new MixFailure('invalid-recipe/no-json', { args: { file: path, detail }, cause });
  }
}

/** Runs one recipe and tells its outcome; `signal` cancels it. */
async function mix(call: Call, signal: AbortSignal): Promise<Outcome> {
  const { environment } = call;
  const service = { baseUrl: environment.IMAGE_MIXER_BASE_URL, dialect: environment.IMAGE_MIXER_DIALECT };
  const codec = new WorkerCodec({ workerPath: join(__dirname, 'codecWorker.cjs') });
  const connect = createNetwork(() => environmentRules(process.env));
  const reader = createSourceReader({
    connect,
    allowPrivateAddresses: () => false,
    ownOrigin: () => (call.engine === 'hosted' ? serviceOf(service).origin : undefined),
  });
  const local = createLocalEngine({ codec, reader, workerPath: join(__dirname, 'kernelWorker.cjs') });
  const state = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'image-mixer');
  const runner = new JobRunner({
    directory: join(state, 'jobs'),
    engines: {
      local: async () => local,
      hosted: async () =>
        createHostedEngine({
          settings: () => ({ ...service, timeoutSeconds: 600 }),
          connect,
          apiKey: async () => environment.IMAGE_MIXER_API_KEY,
          codec,
          reader,
          store: new FolderStore(join(state, 'service')),
          mayUpload: async () => true, // whoever types the command means it
          clock: systemClock,
          random: Math.random,
          log: ({ level, event }) => level !== 'debug' && console.error(event),
        }),
    },
    writer: new PictureWriter(),
    clock: systemClock,
    maxConcurrent: () => 1,
    newId: randomUUID,
    onError: (_, error) => error instanceof MixFailure || console.error(traceOf(error)),
    owner: randomUUID(),
  });
  try {
    const base = dirname(call.recipe);
    const folder = call.out ?? outputFolder(base, 'mixes');
    const request = await planJob({
      recipe: await readRecipe(call.recipe),
      base,
      root: base,
      engine: call.engine,
      dialect: service.dialect,
      destination: { folder, root: call.out ?? base, fileName: '{name}-{seed}-{index}', embedRecipe: true },
      drawSeed: () => randomInt(2 ** 32),
    });
    const left = await runner.resume(); // paid work that an earlier run could not wait for
    const job = runner.start(request);
    signal.addEventListener('abort', () => {
      void runner.cancel(job.id);
      void runner.dispose(); // what was left stays for the next run
    });
    if (signal.aborted) void runner.cancel(job.id);
    let shown = '';
    runner.onChange((snapshot) => {
      const line = stageWords(snapshot.progress, words);
      if (snapshot.record.id === job.id && line !== shown) console.error(line);
      shown = line;
    });
    const outcome = words.outcome(await job.finished);
    for (const { finished } of left) {
      const { record } = await finished;
      for (const { path, written } of record.pictures) if (written) console.error(`Left from an earlier run: ${path}`);
    }
    return outcome;
  } finally {
    await runner.dispose();
    await Promise.all([local.dispose(), codec.dispose()]);
  }
}

async function main(): Promise<number> {
  let call: Call;
  try {
    call = readCall(process.argv.slice(2));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : '';
    console.error(`${detail}\n${usage}`);
    return 1;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const outcome = await mix(call, stop.signal).catch((error: unknown) => words.failedOutcome(error, call.engine));
  for (const warning of outcome.warnings) console.error(warning);
  if (outcome.error) console.error(outcome.error.message);
  console.log(JSON.stringify(outcome));
  return { done: 0, failed: 1, cancelled: 130 }[outcome.status];
}

void main().then((code) => {
  process.exitCode = code;
});
