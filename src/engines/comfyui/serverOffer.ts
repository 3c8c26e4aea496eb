import { MixFailure } from '../../mix/failure.ts';
import type { ServerReport } from './comfyuiEngine.ts';
import type { ComfyuiServer } from './comfyuiServer.ts';

/** Plans a job on a server. @throws MixFailure if the server lacks something. */
export type Planner<Plan> = (report: ServerReport, server: ComfyuiServer) => Plan | Promise<Plan>;

/** Tells which of the plans on several servers, in the order of the settings, are preferred. If none is, they're all the same. */
export type Preference<Plan> = (plans: readonly Plan[]) => (plan: Plan) => boolean;

/** What a job finds on a server. */
export interface Offer<Plan> {
  readonly server: ComfyuiServer;
  readonly report: ServerReport;
  readonly plan: Plan;
  readonly queueLength: number;
}

/** An offer, or why there is none. */
export type Answer<Plan> =
  | { readonly offer: Offer<Plan>; readonly failure?: undefined }
  | { readonly offer?: undefined; readonly failure: MixFailure };

/** Milliseconds that slower servers get once one that fits has answered. */
const grace = 1_000;

/** What each server answers to a job, in their order; those that are slow are left out. @throws the signal's reason. */
export function askServers<Plan>(
  servers: readonly ComfyuiServer[],
  plan: Planner<Plan>,
  signal: AbortSignal,
): Promise<Answer<Plan>[]> {
  return firstAnswers(
    servers.map((server) => offerOf(server, plan, signal)),
    (answer) => answer.offer !== undefined,
  );
}

async function offerOf<Plan>(server: ComfyuiServer, plan: Planner<Plan>, signal: AbortSignal): Promise<Answer<Plan>> {
  try {
    const known = await server.report({ signal });
    const queueLength = await server.queueLength(signal);
    const { report, planned } = await planOn(server, known, plan, signal);
    return { offer: { server, report, plan: planned, queueLength } };
  } catch (error) {
    if (error instanceof MixFailure) return { failure: error };
    throw error;
  }
}

/** What a report lacks may have been added since it was read. */
async function planOn<Plan>(
  server: ComfyuiServer,
  known: ServerReport,
  plan: Planner<Plan>,
  signal: AbortSignal,
): Promise<{ report: ServerReport; planned: Plan }> {
  try {
    return { report: known, planned: await plan(known, server) };
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    const report = await server.report({ refresh: true, signal });
    return { report, planned: await plan(report, server) };
  }
}

/** Of the preferred offers, or all, the one with the least before a new job; among equal ones, the first in the settings. */
export function bestOf<Plan>(answers: readonly Answer<Plan>[], prefer: Preference<Plan>): Offer<Plan> | undefined {
  const offers = answers.flatMap(({ offer }) => offer ?? []);
  const isPreferred = prefer(offers.map(({ plan }) => plan));
  const preferred = offers.filter(({ plan }) => isPreferred(plan));
  return (preferred.length > 0 ? preferred : offers).sort((left, right) => load(left) - load(right))[0];
}

/** How much is before a new job: the jobs of this window, whose prompts are in the queue too, and others' prompts. */
function load({ server, queueLength }: Offer<unknown>): number {
  return server.jobs + Math.max(0, queueLength - server.prompts.size);
}

/** The failure to report: what a server lacks says more than that others can't be reached. */
export function mostTelling(failures: readonly MixFailure[]): MixFailure {
  return (
    failures.find(({ code }) => code !== 'network' && code !== 'service-unavailable') ??
    failures[0] ??
    new MixFailure('service-unavailable/comfyui-none', { retryable: false })
  );
}

/** The answers in their order, once all are there, or some time after the first that is good. Rejects if one does before. */
function firstAnswers<One>(pending: readonly Promise<One>[], isGood: (answer: One) => boolean): Promise<One[]> {
  return new Promise((resolve, reject) => {
    const answers = new Map<number, One>();
    let timer: NodeJS.Timeout | undefined;
    if (pending.length === 0) return resolve([]);
    const finish = () => {
      clearTimeout(timer);
      resolve([...answers].sort(([left], [right]) => left - right).map(([, answer]) => answer));
    };
    for (const [at, promise] of pending.entries()) {
      promise.then((answer) => {
        answers.set(at, answer);
        if (answers.size === pending.length) finish();
        else if (isGood(answer)) timer ??= setTimeout(finish, grace);
      }, reject);
    }
  });
}
