import type { JobRunner } from '../jobs/jobRunner.ts';
import { type Draft, emptyDraft, recipeOfDraft } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import { recipeIssues } from '../mix/recipe.ts';
import type { Handlers } from '../protocol/channel.ts';
import type { EngineView, HostContract, Problem, ResultView } from '../protocol/contract.ts';
import type { ServerView } from '../protocol/serverContract.ts';
import type { AccountBalance } from './accountBalance.ts';
import type { Background } from './background.ts';
import { type ComfyuiViewOptions, viewOfComfyui, viewsOfServers } from './comfyuiView.ts';
import type { DraftStore } from './draftStore.ts';
import type { EngineChoice } from './engineChoice.ts';
import type { ImageImporter } from './imageImporter.ts';
import type { ImageLoader } from './imageLoader.ts';
import { previewOfJob, viewOfJob } from './jobView.ts';
import type { Messages } from './messages/messages.ts';
import type { MixStarter } from './mixStarter.ts';
import type { PromptHistory } from './promptHistory.ts';
import type { Result, ResultStore } from './resultStore.ts';
import { draftOfResult, viewOfResult } from './resultView.ts';
import type { Trust } from './trust.ts';

/** The panel's calls that can be answered without VS Code. The workbench answers the others. */
export type PanelServiceHandlers = Pick<
  Handlers<HostContract>,
  | 'ready'
  | 'addUris'
  | 'addBytes'
  | 'thumbnail'
  | 'pixels'
  | 'saveDraft'
  | 'mix'
  | 'cancel'
  | 'dismiss'
  | 'checkAgain'
  | 'checkServers'
  | 'readResult'
  | 'reuseSettings'
  | 'useAsSource'
>;

export interface PanelServiceOptions {
  readonly messages: Messages;
  readonly engine: EngineChoice;
  readonly balance: AccountBalance;
  readonly trust: Trust;
  readonly comfyui: ComfyuiViewOptions;
  readonly importer: ImageImporter;
  readonly loader: ImageLoader;
  readonly results: ResultStore;
  readonly drafts: DraftStore;
  readonly prompts: PromptHistory;
  readonly starter: MixStarter;
  readonly runner: JobRunner;
  /** Absolute path of the storage of this window's workspace. */
  readonly workspaceStorage: string;
  readonly background: Background;
  readonly displayPath: (path: string) => string;
  /** Absolute paths of the images in the draft of a first run. */
  readonly examples: () => Promise<string[]>;
}

/** Answers the panel's calls. */
export class PanelService {
  readonly #options: PanelServiceOptions;
  /** Damaged entries that the panel hasn't been told about. */
  #damaged = 0;

  constructor(options: PanelServiceOptions) {
    this.#options = options;
  }

  engineView(): Promise<EngineView> {
    const { engine, balance, comfyui } = this.#options;
    return engine.view(balance.last, () => viewOfComfyui(comfyui));
  }

  /** The engine with the servers of now: they may have answered while its view was made. */
  withServers(view: EngineView): EngineView {
    return view.comfyui ? { ...view, comfyui: { ...view.comfyui, servers: this.serverViews() } } : view;
  }

  /** The ComfyUI servers as they last answered; null while they haven't been asked. */
  serverViews(): ServerView[] | null {
    return viewsOfServers(this.#options.comfyui);
  }

  /** Asks the ComfyUI servers, if mixes run on them and they haven't answered yet. */
  async askServers(): Promise<void> {
    const { engine, trust, comfyui } = this.#options;
    if (trust.isTrusted && (await engine.name()) === 'comfyui') await comfyui.servers.ask();
  }

  /** Call this for entries of the list of results that were set aside: the panel tells the user with its next list. */
  noteDamaged(count: number): void {
    this.#damaged += count;
  }

  /** The results for the panel, with a problem if some can't be read. */
  async listedResults(): Promise<{ results: ResultView[]; problems: Problem[] }> {
    const { results, displayPath, messages } = this.#options;
    const list = await results.list();
    return {
      results: list.results.map((result) => viewOfResult(result, displayPath)),
      problems: [...(list.failure ? [messages.problem(list.failure)] : []), ...this.#takeDamaged()],
    };
  }

  /** @throws MixFailure `result-unavailable` if the list doesn't have it any more. */
  async result(id: string): Promise<Result> {
    const result = await this.#options.results.get(id);
    if (!result) throw new MixFailure('result-unavailable/forgotten');
    return result;
  }

  handlers(): PanelServiceHandlers {
    const { messages, importer, loader, drafts, runner, workspaceStorage, background, balance, comfyui, displayPath } =
      this.#options;
    return {
      ready: async () => {
        background(balance.refresh()); // the panel is told when it arrives
        background(this.askServers());
        const [saved, engine, listed] = await Promise.all([drafts.load(), this.engineView(), this.listedResults()]);
        return {
          strings: messages.panelStrings(),
          draft: saved?.draft ?? (await this.#exampleDraft()),
          revision: saved?.revision ?? 0,
          engine,
          jobs: runner.jobs().map((job) => viewOfJob(job, workspaceStorage, messages)),
          previews: runner.jobs().flatMap((job) => previewOfJob(job) ?? []),
          ...listed,
        };
      },
      addUris: ({ uris }) => importer.import(uris),
      addBytes: async ({ name, bytes }) => ({ images: [await importer.importBytes(name, bytes)], problems: [] }),
      thumbnail: async ({ uri, side }) => {
        const { bytes, mime, sourceWidth, sourceHeight, warnings } = await loader.thumbnail(uri, side);
        const sentences = warnings.map((warning) => messages.imageWarning(warning));
        return { bytes, mime, width: sourceWidth, height: sourceHeight, warnings: sentences };
      },
      pixels: async ({ uri, width, height }) => {
        const raster = await loader.pixels(uri, width, height);
        return { width: raster.width, height: raster.height, data: new Uint8Array(raster.data.buffer) };
      },
      saveDraft: (draft) => drafts.save(draft),
      mix: ({ draft, randomSeed }) => this.#mix(draft, randomSeed),
      cancel: ({ jobId }) => runner.cancel(jobId),
      dismiss: ({ jobId }) => runner.remove(jobId),
      checkAgain: async ({ jobId }) => void (await runner.checkAgain(jobId)),
      checkServers: () => comfyui.servers.refresh(),
      readResult: async ({ id }) => ({
        bytes: await loader.bytes(viewOfResult(await this.result(id), displayPath).uri),
      }),
      reuseSettings: async ({ id }) => ({ draft: draftOfResult(await this.result(id), displayPath) }),
      useAsSource: async ({ id }) => importer.importFiles([(await this.result(id)).path]),
    };
  }

  async #mix(draft: Draft, randomSeed: number): Promise<{ jobId: string | null; problems: Problem[] }> {
    const { prompts, starter, engine, messages, background } = this.#options;
    const issues = recipeIssues(recipeOfDraft(draft));
    if (issues.length > 0) return { jobId: null, problems: issues.map((issue) => messages.problem(issue)) };
    try {
      const job = await starter.startDraft({ ...draft, seed: draft.seed ?? randomSeed }, await engine.name());
      background(prompts.add(draft.prompt)); // it doesn't decide whether the mix starts
      return { jobId: job.id, problems: [] };
    } catch (error) {
      return { jobId: null, problems: [messages.problem(error)] };
    }
  }

  #takeDamaged(): Problem[] {
    const count = this.#damaged;
    this.#damaged = 0;
    if (count === 0) return [];
    return [{ code: 'result-unavailable', message: this.#options.messages.say('results.damaged', { count }) }];
  }

  async #exampleDraft(): Promise<Draft> {
    const { importer, examples } = this.#options;
    const { images } = await importer.importFiles(await examples());
    return { ...emptyDraft, images };
  }
}
