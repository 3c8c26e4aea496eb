import * as z from 'zod';
import { traceOf } from './app/jobLog.ts';
import { Messages } from './app/messages/messages.ts';
import { RecipeRunner } from './app/recipeRunner.ts';
import { createCommandLineApp } from './cli/commandLineApp.ts';
import { type Invocation, parseInvocation, usage } from './cli/invocation.ts';
import { finishLeftovers } from './cli/leftovers.ts';
import { cancelOnSignal, endProcess, grace, within } from './cli/processEnd.ts';
import type { JobHandle } from './jobs/jobRunner.ts';
import type { Outcome } from './mix/outcome.ts';

const tell = (line: string) => console.error(line);

/** Runs a recipe and prints the outcome. Only then are jobs of earlier runs finished, so that they can't hold it up. */
async function mix(invocation: Invocation, signal: AbortSignal): Promise<Outcome> {
  const { recipe, engine, out } = invocation;
  const app = createCommandLineApp(invocation, tell);
  const { services, background } = app;
  const recipes = new RecipeRunner({
    starter: app.starter,
    engine: app.engine,
    runner: services.runner,
    messages: app.messages,
    background,
    onStart: ({ id }) => {
      const cancel = () => background(services.runner.cancel(id));
      signal.addEventListener('abort', cancel);
      if (signal.aborted) cancel();
    },
    showProgress,
  });
  try {
    const outcome = await recipes.run({ file: recipe }, () => ({ engine, outputFolder: out }));
    await print(outcome);
    if (outcome.jobId !== '' && !signal.aborted) await finishLeftovers(app, outcome.jobId, signal, tell);
    return outcome;
  } finally {
    const disposing = services.dispose();
    background(disposing);
    await within(grace, disposing);
  }
}

async function showProgress(job: JobHandle, onProgress: (report: (text: string) => void) => () => void): Promise<void> {
  let shown = '';
  const stop = onProgress((text) => {
    if (text !== shown) tell(text);
    shown = text;
  });
  await job.finished.finally(stop);
}

/** Prints an outcome. Resolves once it is written, or if nobody reads it anymore. */
async function print(outcome: Outcome): Promise<void> {
  for (const warning of outcome.warnings) tell(warning);
  if (outcome.error) tell(outcome.error.message);
  await new Promise<void>((resolve) => {
    process.stdout.once('error', () => resolve()); // the exit code still tells how it ended
    process.stdout.write(`${JSON.stringify(outcome)}\n`, () => resolve());
  });
}

async function main(): Promise<number> {
  const signal = cancelOnSignal();
  let invocation: Invocation;
  try {
    invocation = parseInvocation(process.argv.slice(2));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : '';
    tell(`${detail}\n${usage}`);
    return 1;
  }
  const outcome = await mix(invocation, signal).catch(async (error: unknown) => {
    const messages = new Messages(undefined, (unexpected) => tell(traceOf(unexpected)));
    const failed = messages.failedOutcome(error, invocation.engine);
    await print(failed);
    return failed;
  });
  return { done: 0, failed: 1, cancelled: 130 }[outcome.status];
}

process.exitCode = 1; // if it ends without an outcome
// Nothing that is still in progress keeps the process alive.
void main().then(endProcess, (error: unknown) => {
  tell(traceOf(error));
  endProcess(1);
});
