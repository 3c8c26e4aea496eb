import { MixFailure } from '../../mix/failure.ts';
import type { StateSaver } from '../stateSaver.ts';
import type { ComfyuiServer } from './comfyuiServer.ts';
import type { SampleState } from './comfyuiState.ts';
import { type BuiltGraph, graphOfPrompt } from './graph.ts';
import { type PatienceContext, patiently } from './patience.ts';
import { isUploadGone, problemFailure } from './promptFailure.ts';
import { arrivalTime, findPrompt, type PromptPlace } from './promptPlace.ts';
import { tooOld } from './serverVersion.ts';
import type { InputProblem } from './wire/promptAnswer.ts';

/** How often a prompt is sent whose answer is lost. */
const maxLostAnswers = 3;

export interface SubmissionContext extends PatienceContext {
  readonly server: ComfyuiServer;
  /** Of this window, or of the one that began the job. */
  readonly clientId: string;
  readonly saver: StateSaver;
  /** Makes the graph of the sample, for which the server has the images. @param isAgain whether it lacked one that it was said to have. */
  build(isAgain: boolean): Promise<BuiltGraph>;
  /** Cancels a prompt that the server runs in vain. Doesn't reject if it can't. */
  takeBack(promptId: string): Promise<void>;
  /** Called just before the prompt is sent. */
  onAttempt(): void;
  /** Called with where a prompt is that was sent, but not answered. */
  onResolved(place: PromptPlace['kind']): void;
}

/**
 * Sends the prompt of a sample, so that the server gets it exactly once; its id is on disk before.
 * @throws MixFailure, or the signal's reason. The sample's phase then says whether the server may have it all the same.
 */
export async function submitPrompt(sample: SampleState, context: SubmissionContext): Promise<void> {
  const { server, saver, signal } = context;
  const { promptId } = sample;
  let isAgain = false;
  for (let lostAnswers = 0; ; ) {
    const built = await context.build(isAgain);
    sample.phase = 'posting';
    await saver.saveBeforeWork();
    context.onAttempt();
    const graph = graphOfPrompt(built, promptId);
    const prompt = { graph, clientId: context.clientId, promptId };
    const answer = await certainly(sample, () => patiently(() => server.client.submit(prompt, signal), context));
    if (answer.kind === 'accepted') {
      const isOurs = answer.promptId === promptId;
      const dropped = isOurs ? droppedOutput(built, answer.problems, server) : undefined;
      if (!isOurs || dropped) {
        await context.takeBack(answer.promptId);
        sample.phase = 'new';
        throw dropped ?? (await oldServer(context));
      }
      sample.phase = 'queued';
      await saver.saveAfterResponse();
      return;
    }
    if (answer.kind === 'refused') {
      sample.phase = 'new';
      if (isAgain || !isUploadGone(answer.problems, graph)) throw answer.failure;
      isAgain = true;
      continue;
    }
    if (await resolvePosting(sample, context)) return;
    if (++lostAnswers === maxLostAnswers) throw answer.failure;
  }
}

/**
 * Finds out whether a prompt that was sent has arrived, and sets the phase of its sample accordingly.
 * @returns whether the server has it. @throws MixFailure, or the signal's reason.
 */
export async function resolvePosting(
  sample: SampleState,
  context: Pick<SubmissionContext, 'server' | 'saver' | 'onResolved' | keyof PatienceContext>,
): Promise<boolean> {
  const { server, clock, signal, saver } = context;
  const patience = { clock, signal, onWait: context.onWait, hasPrompt: true };
  const look = (): Promise<PromptPlace> => patiently(() => findPrompt(server, sample.promptId, signal), patience);
  let place = await look();
  if (place.kind === 'absent') {
    await clock.sleep(arrivalTime, signal);
    place = await look();
  }
  sample.phase = place.kind === 'absent' ? 'new' : 'queued';
  context.onResolved(place.kind);
  await saver.saveAfterResponse();
  return place.kind !== 'absent';
}

/** What throws here has certainly not queued the prompt. */
async function certainly<T>(sample: SampleState, submit: () => Promise<T>): Promise<T> {
  try {
    return await submit();
  } catch (error) {
    if (error instanceof MixFailure) sample.phase = 'new';
    throw error;
  }
}

/** The failure for a server that doesn't take ids of clients. Its version is read again, because it was new enough before. */
async function oldServer({ server: { client, address }, signal }: SubmissionContext): Promise<MixFailure> {
  const { version } = await client.systemStats(signal);
  return tooOld(version, address);
}

/** The failure if a server that accepted a graph leaves out the results: their node depends on one with a problem. */
function droppedOutput(
  { graph, output }: BuiltGraph,
  problems: readonly InputProblem[],
  { address }: ComfyuiServer,
): MixFailure | undefined {
  if (problems.length === 0) return undefined;
  const needed = new Set([output]);
  for (const id of needed) {
    for (const input of Object.values(graph[id]?.inputs ?? {})) {
      if (Array.isArray(input) && typeof input[0] === 'string') needed.add(input[0]); // a set also visits what is added meanwhile
    }
  }
  const problem = problems.find(({ node }) => needed.has(node));
  return problem && problemFailure(problem, address.name);
}
