import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import type { ModelFamily } from '../../mix/modelFamily.ts';
import { makeNotice } from '../../mix/notice.ts';
import type { Connect } from '../../network/connections.ts';
import type { Clock } from '../clock.ts';
import { type Engine, JobSuspended, type MixContext, type MixTask } from '../engine.ts';
import { ComfyuiJob } from './comfyuiJob.ts';
import type { ComfyuiServer } from './comfyuiServer.ts';
import type { ComfyuiSettings } from './comfyuiSettings.ts';
import { type ComfyuiState, createComfyuiState, isPending, isUnsent, parseComfyuiState } from './comfyuiState.ts';
import type { ModelPlan } from './graph.ts';
import { planModel, preferredPlans } from './modelPlan.ts';
import { isOutage } from './patience.ts';
import { cancelPrompts } from './promptCancel.ts';
import { readNodeInfos } from './sampleGraph.ts';
import type { Planner } from './serverOffer.ts';
import { type Lease, ServerPool } from './serverPool.ts';
import type { UploadedNames } from './sourceUpload.ts';
import type { NodeInfos } from './workflowBinding.ts';

/** The ComfyUI engine's dependencies. Functions are called again for every job. */
export interface ComfyuiEngineOptions {
  /** The base URLs of the servers, as in the settings. */
  servers(): readonly string[];
  /** Seconds that a server may go without any progress on a sample that it has started. Waiting in its queue doesn't count. */
  timeoutSeconds(): number;
  /** The value of the authorization header for an origin; undefined if none is stored. */
  authorization(origin: string): Promise<string | undefined>;
  readonly connect: Connect;
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly clock: Clock;
  /** Returns a new UUID. */
  newId(): string;
  readonly log: (event: ComfyuiLogEvent) => void;
}

/** One line for the log. No values of the authorization, and no server paths. */
export interface ComfyuiLogEvent {
  readonly level: 'debug' | 'info' | 'warn';
  readonly jobId?: string;
  readonly event: string;
  readonly args: Readonly<Record<string, string | number>>;
}

/** What a mix lacks on a server. */
export interface MissingModel {
  /** The file, or the node pack. */
  readonly file: string;
  /** The folder of the server it belongs into: `models/ipadapter`. */
  readonly folder: string;
  /** Where it can be had: the name of its repository. */
  readonly source: string;
}

/** A model that a mix can be made with, as the server names it: a checkpoint, or a Flux model with its other parts in separate files. */
export interface ServerModel {
  readonly name: string;
  readonly family: ModelFamily;
  readonly loader: 'checkpoint' | 'unet';
}

/** The files besides the model that a mix with Flux and Redux needs: as the server names them, or what is missing. */
export interface ReduxFiles {
  readonly styleModel: string | MissingModel;
  readonly clipVision: string | MissingModel;
  /** Text encoders and VAE, which a checkpoint has inside. */
  readonly clip: string | MissingModel;
  readonly t5: string | MissingModel;
  readonly vae: string | MissingModel;
}

/** What a server is and has. */
export interface ServerReport {
  /** The base URL as in the settings. */
  readonly url: string;
  readonly version: string;
  /** Bytes. */
  readonly devices: readonly { readonly name: string; readonly memory: number; readonly freeMemory: number }[];
  /** How many prompts run or wait there. */
  readonly queueLength: number;
  readonly checkpoints: readonly ServerModel[];
  /** The presets of the IP-Adapter. Those with missing files can't be used. */
  readonly presets: readonly {
    readonly name: string;
    readonly family: 'sd15' | 'sdxl';
    readonly missing: readonly MissingModel[];
  }[];
  readonly redux: ReduxFiles;
  /** What the built-in graphs lack altogether, such as the IP-Adapter pack. */
  readonly missing: readonly MissingModel[];
}

/** A server as it answered, or why it can't be used. */
export type ServerState = ServerReport | { readonly url: string; readonly failure: MixFailure };

/** How servers are asked. */
export interface ServerQuery {
  /** Asks them again. Otherwise, they are as they last answered. */
  readonly refresh?: boolean;
  readonly signal?: AbortSignal;
  /** Called with each server as it answers, so that a slow one doesn't hold the others. */
  readonly onState?: (state: ServerState) => void;
}

/** The engine that mixes on the user's own ComfyUI servers. */
export interface ComfyuiEngine extends Engine {
  /** The servers in the order of the settings. Never rejects. */
  servers(query?: ServerQuery): Promise<readonly ServerState[]>;
  /** Uses new connections from now on, and asks the servers again. Call it when settings, authorizations or the network change. */
  reconnect(): void;
  dispose(): Promise<void>;
}

/** Creates the ComfyUI engine. It doesn't connect before it is used. */
export function createComfyuiEngine(options: ComfyuiEngineOptions): ComfyuiEngine {
  const pool = new ServerPool(options);
  const uploads = new WeakMap<ComfyuiServer, UploadedNames>();
  const uploadsOf = (server: ComfyuiServer): UploadedNames => {
    const uploaded = uploads.get(server) ?? new Map();
    uploads.set(server, uploaded);
    return uploaded;
  };

  /** A job stays with the server that has a prompt of it. */
  const assign = async (task: MixTask, settings: ComfyuiSettings, context: MixContext): Promise<Assignment> => {
    const { saved, delivered, signal } = context;
    const state = parseComfyuiState(saved);
    if (state?.samples.length === task.recipe.samples && (!isUnsent(state) || delivered.size > 0)) {
      return { ...(await pool.acquire(state.server, signal)), state, canMove: async () => false };
    }
    const { checkpoint, preset, workflow } = settings;
    const choice = { model: task.recipe.model, checkpoint, preset };
    const planner: Planner<JobPlan> = async (report, { client }) => {
      if (!workflow) return { models: planModel(report, choice) };
      return { models: null, infos: await readNodeInfos(client, workflow.graph, signal) };
    };
    const { server, report, plan, release } = await pool.choose(planner, signal, (plans) => {
      const isPreferred = preferredPlans(
        choice.model ?? checkpoint,
        plans.map(({ models }) => models),
      );
      return ({ models }) => isPreferred(models);
    });
    const { address, socket } = server;
    const { clientId } = socket;
    const place = { server: address.url, clientId, serverVersion: report.version, plan: plan.models };
    const created = createComfyuiState(task, place, options.newId);
    return {
      server,
      release,
      state: created,
      infos: plan.infos,
      canMove: () => pool.hasOther(server, planner, signal),
    };
  };

  /** Takes back what a canceled job has on its server. @param tell called if that isn't possible. */
  const cancel = async (state: ComfyuiState, jobId: string | undefined, tell: MixContext['notice']): Promise<void> => {
    const pending = state.samples.filter(isPending);
    if (pending.length === 0) return;
    const set = pool.serverAt(state.server);
    const server = set.address.name;
    const failure = await cancelPrompts(pending, set, options.clock);
    const job = jobId === undefined ? {} : { jobId };
    if (!failure) return options.log({ level: 'info', ...job, event: 'canceled', args: { server } });
    options.log({ level: 'warn', ...job, event: 'not-canceled', args: { reason: failure.key } });
    tell(makeNotice('not-canceled', { server }));
  };

  /**
   * Runs a job on one server. @param isLast whether the job waits for that server even if nothing was sent and it's out of reach.
   * @returns whether the job is over; otherwise, another server may have it.
   */
  const mixOnOne = async (task: MixTask, settings: ComfyuiSettings, context: MixContext, isLast: boolean) => {
    let assigned: Assignment | undefined;
    try {
      assigned = await assign(task, settings, context);
      const { server, state, infos } = assigned;
      const canMove = isLast ? async () => false : assigned.canMove;
      const timeout = 1000 * options.timeoutSeconds();
      const [socket, uploaded] = [server.socketOf(state.clientId), uploadsOf(server)];
      const job = { ...options, task, settings, context, server, socket, state, canMove, timeout, uploaded, infos };
      await new ComfyuiJob(job).run();
      return true;
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      const isOld = error.code === 'missing-model' || error.key === 'unexpected-response/comfyui-old';
      if (isOld) assigned?.server.forget(); // or the next job would be planned with what isn't there any more
      if (!assigned || isLast || !isOutage(error) || !isUnsent(assigned.state)) throw error;
      if (!(await assigned.canMove())) throw error;
      assigned.server.rest();
      return false;
    } finally {
      try {
        const { aborted, reason } = context.signal;
        const state = assigned?.state ?? parseComfyuiState(context.saved);
        if (aborted && !(reason instanceof JobSuspended) && state) await cancel(state, task.jobId, context.notice);
      } finally {
        assigned?.release();
      }
    }
  };

  const mix = async (task: MixTask, settings: ComfyuiSettings, context: MixContext): Promise<void> => {
    for (let others = pool.size - 1; ; others--) {
      if (await mixOnOne(task, settings, context, others <= 0)) return;
    }
  };

  return {
    name: 'comfyui',
    async run(task, context) {
      context.signal.throwIfAborted();
      if (!task.comfyui) throw new TypeError('A ComfyUI job needs settings');
      context.progress({ stage: 'queued' });
      await mix(task, task.comfyui, context);
    },
    async discard(saved, notice) {
      const state = parseComfyuiState(saved);
      if (state) await cancel(state, undefined, notice);
    },
    canCheckAgain: (saved) => parseComfyuiState(saved)?.samples.some(isPending) ?? false,
    servers: (request) => pool.states(request),
    reconnect: () => pool.reconnect(),
    dispose: () => pool.dispose(),
  };
}

/** What a job is made with on a server. */
interface JobPlan {
  readonly models: ModelPlan | null;
  readonly infos?: NodeInfos;
}

/** The server that has a job, to itself, and how far the job is. */
interface Assignment extends Lease {
  readonly state: ComfyuiState;
  /** Whether another server can have the job instead. @throws the signal's reason. */
  canMove(): Promise<boolean>;
  readonly infos?: NodeInfos | undefined;
}
