import { noticeOfImage } from '../../mix/imageWarning.ts';
import { type ComfyuiJobOptions, logJob } from './comfyuiJobOptions.ts';
import type { BuiltGraph, Graph } from './graph.ts';
import { type PatienceContext, patiently } from './patience.ts';
import { isLoaded, type MixParts, readNodeInfos, sampleGraph } from './sampleGraph.ts';
import { uploadSources } from './sourceUpload.ts';
import type { NodeInfos } from './workflowBinding.ts';

/** Milliseconds that the first prompt waits for the socket, so that its events aren't missed. */
const socketWait = 3_000;

/** Makes the graphs of a job's samples. What they need of the server is read and uploaded with the first. */
export class JobGraphs {
  readonly #options: ComfyuiJobOptions;
  readonly #patience: PatienceContext;
  #infos: Promise<NodeInfos> | undefined;
  #files: Promise<readonly string[]> | undefined;

  constructor(options: ComfyuiJobOptions, patience: PatienceContext) {
    this.#options = options;
    this.#patience = patience;
  }

  /** A graph with the same samplers as those of the samples. */
  get outline(): Graph {
    const { settings, task, state } = this.#options;
    if (settings.workflow) return settings.workflow.graph;
    return sampleGraph({ task, settings, plan: state.plan, infos: new Map() }, [], 0).graph;
  }

  /**
   * The graph of a sample, whose images are on the server.
   * @param isAgain whether the server lacked an image: all are uploaded again. @throws MixFailure, or the signal's reason.
   */
  async build(seed: number, isAgain: boolean): Promise<BuiltGraph> {
    const { task, settings, state, context, uploaded } = this.#options;
    this.#infos ??= this.#readInfos();
    const parts: MixParts = { task, settings, plan: state.plan, infos: await this.#infos };
    sampleGraph(parts, [], seed); // if the mix doesn't fit the workflow, nothing is uploaded
    if (isAgain) {
      uploaded.clear();
      this.#files = undefined;
    }
    this.#files ??= this.#upload();
    const built = sampleGraph(parts, await this.#files, seed);
    for (const notice of built.notices) context.notice(notice);
    return built;
  }

  async #readInfos(): Promise<NodeInfos> {
    const { settings, server, context, infos } = this.#options;
    const { workflow } = settings;
    if (infos || !workflow) return infos ?? new Map();
    return patiently(() => readNodeInfos(server.client, workflow.graph, context.signal), this.#patience);
  }

  /** Uploads what the graph loads, while the socket connects. @returns a name for each source, empty for those that aren't loaded. */
  async #upload(): Promise<readonly string[]> {
    const { task, settings, server, context } = this.#options;
    const loaded = isLoaded(task, settings);
    const names = await uploadSources(
      task.sources.filter((_, at) => loaded[at]),
      {
        ...this.#options,
        ...this.#patience,
        client: server.client,
        onProgress: (done, total) => context.progress({ stage: 'uploading', done, total }),
        onWarning: ({ name }, warning) => context.notice(noticeOfImage(warning, name)),
        onUploaded: ({ name }, file) => logJob(this.#options, 'debug', 'uploaded', { image: name, file }),
      },
    );
    await this.#options.socket.waitUntilOpen(socketWait, context.signal);
    const left = [...names];
    return loaded.map((isOne) => (isOne ? left.shift() : undefined) ?? '');
  }
}
