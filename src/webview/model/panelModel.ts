import { type Draft, type DraftImage, emptyDraft } from '../../mix/draft.ts';
import { limits } from '../../mix/limits.ts';
import type { EngineView, JobPreview, JobView, Problem, ResultView } from '../../protocol/contract.ts';
import type { ServerView } from '../../protocol/serverContract.ts';
import { addImages } from './draftEdits.ts';
import { draftIssues, type FieldMessages } from './draftIssues.ts';
import { type Message, ReportedProblems } from './reportedProblems.ts';
import type { Say } from './say.ts';
import { engineForModel } from './serverChoices.ts';
import type { UndoHistory } from './undoHistory.ts';

/** The host's state when the panel opens. */
export interface PanelStart {
  readonly engine: EngineView;
  readonly jobs: readonly JobView[];
  /** None by default. */
  readonly previews?: readonly JobPreview[];
  readonly results: readonly ResultView[];
  /** The revision of the draft; 0 by default. */
  readonly revision?: number;
}

/** View settings, which aren't part of the mix. */
export interface PanelView {
  /** The text that results are filtered by. */
  readonly filter: string;
  /** Whether the preview shows which image lands where. */
  readonly showsCoverage: boolean;
}

/**
 * The state of the panel: the draft with its history, the engine, the jobs and the results. Fires `change` after every change, and
 * before it `draft`, `view` or `engine` if the draft, the view settings or the engine changed. Values are replaced and never modified, so components can
 * compare them by identity.
 */
export class PanelModel extends EventTarget {
  readonly say: Say;
  readonly #history: UndoHistory<Draft>;
  readonly #problems = new ReportedProblems();
  /** The draft that each job was submitted with, by job id. */
  readonly #submittedDrafts = new Map<string, Draft>();
  /** As the host described it. */
  #hostEngine: EngineView;
  /** The same for the draft's model. */
  #engine: EngineView;
  #jobs: readonly JobView[];
  #previews: ReadonlyMap<string, JobPreview>;
  #results: readonly ResultView[];
  #issues: FieldMessages;
  #revision: number;
  #randomSeed = drawSeed();
  /** The draft that the random seed was last used for. */
  #seededDraft: Draft | undefined;
  #compared: readonly string[] = [];
  #filter: string;
  #showsCoverage: boolean;

  constructor(
    say: Say,
    history: UndoHistory<Draft>,
    start: PanelStart,
    view: PanelView = { filter: '', showsCoverage: false },
  ) {
    super();
    this.say = say;
    this.#history = history;
    this.#hostEngine = start.engine;
    this.#engine = engineForModel(start.engine, history.present.model);
    this.#jobs = start.jobs;
    this.#previews = new Map(start.previews?.map((preview) => [preview.jobId, preview]));
    this.#results = start.results;
    this.#revision = start.revision ?? 0;
    this.#filter = view.filter;
    this.#showsCoverage = view.showsCoverage;
    this.#issues = draftIssues(history.present, this.#engine, say);
  }

  get draft(): Draft {
    return this.#history.present;
  }
  /** Grows by one with every change of the draft. */
  get revision(): number {
    return this.#revision;
  }
  get history(): Pick<UndoHistory<Draft>, 'canUndo' | 'canRedo' | 'snapshot'> {
    return this.#history;
  }
  /** The engine, with what the draft's model ignores. */
  get engine(): EngineView {
    return this.#engine;
  }
  get jobs(): readonly JobView[] {
    return this.#jobs;
  }
  /** What the unfinished results of running jobs look like, by job id. */
  get previews(): ReadonlyMap<string, JobPreview> {
    return this.#previews;
  }
  get results(): readonly ResultView[] {
    return this.#results;
  }
  /** What the panel itself finds wrong with the draft. */
  get issues(): FieldMessages {
    return this.#issues;
  }
  /** What the host found wrong with the draft, by the same keys. */
  get problems(): FieldMessages {
    return this.#problems.byField;
  }
  get messages(): readonly Message[] {
    return this.#problems.messages;
  }
  get showsCoverage(): boolean {
    return this.#showsCoverage;
  }
  get filter(): string {
    return this.#filter;
  }
  /** The ids of the compared results: one, which is compared with the preview, or two. */
  get compared(): readonly string[] {
    return this.#compared;
  }
  /** The seed of the next mix if the draft has none. It is drawn in advance, so that the preview can use it. */
  get randomSeed(): number {
    return this.#randomSeed;
  }

  /**
   * The random seed for a mix of the current draft. A second mix of the same draft gets a new one. Otherwise the seed stays, so that
   * the preview still matches the result.
   */
  seedForMix(): number {
    if (this.#seededDraft === this.draft && this.draft.seed === null) this.drawNewSeed();
    this.#seededDraft = this.draft;
    return this.#randomSeed;
  }

  drawNewSeed(): void {
    this.#randomSeed = drawSeed();
    this.#notify();
  }

  /** Changes the draft. Consecutive edits with the same key form one undo step, until `endStep`. */
  edit(change: (draft: Draft) => Draft, key?: string): void {
    const before = this.draft;
    this.#history.change(change(before), key);
    this.#onDraftChange(before);
  }

  endStep(): void {
    this.#history.endStep();
  }

  undo(): void {
    const before = this.draft;
    this.#history.undo();
    this.#onDraftChange(before);
  }

  redo(): void {
    const before = this.draft;
    this.#history.redo();
    this.#onDraftChange(before);
  }

  /** Adds images at the end. With `replace` they start a new mix, and one undo restores the earlier one. */
  addImages(images: readonly DraftImage[], replace = false): void {
    this.edit((draft) => addImages(replace ? { ...emptyDraft } : draft, images, replace));
  }

  setEngine(engine: EngineView): void {
    this.#useEngine(engine);
    this.dispatchEvent(new Event('engine'));
    this.#notify();
  }

  /** Shows how the ComfyUI servers answer, unless mixes run elsewhere by now. It doesn't change the engine. */
  setServers(servers: readonly ServerView[] | null): void {
    const { comfyui } = this.#hostEngine;
    if (!comfyui) return;
    this.#useEngine({ ...this.#hostEngine, comfyui: { ...comfyui, servers: servers && [...servers] } });
    this.#notify();
  }

  #useEngine(engine: EngineView): void {
    this.#hostEngine = engine;
    this.#engine = engineForModel(engine, this.draft.model);
    this.#issues = draftIssues(this.draft, this.#engine, this.say);
  }

  /** Remembers the draft of a job. If the job fails, the message is shown at the right field even if the draft has changed. */
  rememberSubmission(jobId: string, draft: Draft): void {
    this.#submittedDrafts.set(jobId, draft);
  }

  /** Adds a job or updates the one with the same id. */
  setJob(job: JobView): void {
    const { id, state, message, field } = job;
    if (state === 'failed' && message !== undefined) {
      this.#problems.addToField(message, field, this.#submittedDrafts.get(id) ?? this.draft);
    }
    const isKnown = this.#jobs.some((each) => each.id === id);
    this.#jobs = isKnown ? this.#jobs.map((each) => (each.id === id ? job : each)) : [...this.#jobs, job];
    if (state !== 'running') this.#dropPreview(id);
    this.#notify();
  }

  /** Shows what the unfinished result of a running job looks like, in place of the preview before. */
  setPreview(preview: JobPreview): void {
    if (!this.#jobs.some(({ id, state }) => id === preview.jobId && state === 'running')) return;
    this.#previews = new Map(this.#previews).set(preview.jobId, preview);
    this.#notify();
  }

  #dropPreview(jobId: string): void {
    this.#previews = new Map([...this.#previews].filter(([id]) => id !== jobId));
  }

  removeJob(id: string): void {
    this.#jobs = this.#jobs.filter((job) => job.id !== id);
    this.#dropPreview(id);
    this.#notify();
  }

  setResults(results: readonly ResultView[]): void {
    this.#results = results;
    this.#compared = this.#compared.filter((id) => results.some((result) => result.id === id));
    this.#notify();
  }

  /** Adds a result to the comparison or removes it. A third result replaces the second. */
  toggleCompared(id: string): void {
    const others = this.#compared.filter((each) => each !== id);
    this.#compared = others.length < this.#compared.length ? others : [...others.slice(0, 1), id];
    this.#notify();
  }

  endComparison(): void {
    this.#compared = [];
    this.#notify();
  }

  toggleCoverage(): void {
    this.#showsCoverage = !this.#showsCoverage;
    this.#onViewChange();
  }

  filterResults(filter: string): void {
    this.#filter = filter;
    this.#onViewChange();
  }

  /** Calls the listener with the URI of each image whose file has changed. */
  onImageChanged(listener: (uri: string) => void, options: { readonly signal?: AbortSignal } = {}): void {
    const notify = (event: Event) => {
      if (event instanceof CustomEvent) listener(event.detail);
    };
    this.addEventListener('image', notify, options);
  }

  /** Drops what is known about an image after its file was written, deleted or restored, and notifies `onImageChanged`. */
  imageChanged(uri: string): void {
    this.#problems.clearImage(this.draft, uri);
    this.dispatchEvent(new CustomEvent('image', { detail: uri }));
    this.#notify();
  }

  /** Drops the host's problems before the draft is submitted again. */
  clearProblems(): void {
    this.#problems.clearFields();
    this.#notify();
  }

  /** Shows the host's problems at their fields, or as messages. @param checked the draft that the host checked. */
  reportProblems(problems: readonly Problem[], checked: Draft = this.draft): void {
    this.#problems.add(problems, checked);
    this.#notify();
  }

  dismissMessage(message: Message): void {
    this.#problems.dismiss(message);
    this.#notify();
  }

  #onDraftChange(before: Draft): void {
    if (this.draft === before) return;
    this.#revision++;
    if (this.draft.model !== before.model) this.#engine = engineForModel(this.#hostEngine, this.draft.model);
    this.#issues = draftIssues(this.draft, this.#engine, this.say);
    this.#problems.clearChanged(before, this.draft);
    this.dispatchEvent(new Event('draft'));
    this.#notify();
  }

  #onViewChange(): void {
    this.dispatchEvent(new Event('view'));
    this.#notify();
  }

  #notify(): void {
    this.dispatchEvent(new Event('change'));
  }
}

function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? limits.seed.min;
}
