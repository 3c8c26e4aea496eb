import { type Draft, type DraftImage, emptyDraft } from '../../mix/draft.ts';
import { limits } from '../../mix/limits.ts';
import type { EngineView, JobView, Problem, ResultView } from '../../protocol/contract.ts';
import { addImages } from './draftEdits.ts';
import { draftIssues, type FieldMessages } from './draftIssues.ts';
import type { Say } from './say.ts';
import type { UndoHistory } from './undoHistory.ts';

/** A message that belongs to no field, until it is dismissed. */
export interface Message {
  readonly id: number;
  readonly text: string;
}

/** What the host sent at the start. */
export interface PanelStart {
  readonly engine: EngineView;
  readonly jobs: readonly JobView[];
  readonly results: readonly ResultView[];
}

/** How people have set up what they see; it is no part of the mix. */
export interface PanelView {
  readonly filter: string;
  readonly showsCoverage: boolean;
}

/**
 * All that the panel shows: the mix with its history, the engine, the jobs and the results. Fires `change` whenever
 * any of it changed; the values themselves are never changed in place, so that what is drawn can compare them.
 */
export class PanelModel extends EventTarget {
  readonly say: Say;
  readonly #history: UndoHistory<Draft>;
  /** The draft that each job of this panel was asked for, by the job's id. */
  readonly #asked = new Map<string, Draft>();
  #engine: EngineView;
  #jobs: readonly JobView[];
  #results: readonly ResultView[];
  #issues: FieldMessages;
  #problems: FieldMessages = new Map();
  #messages: readonly Message[] = [];
  #lastMessage = 0;
  #randomSeed = drawSeed();
  /** The draft that the random seed was last used for. */
  #seeded: Draft | undefined;
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
    this.#filter = view.filter;
    this.#showsCoverage = view.showsCoverage;
    this.say = say;
    this.#history = history;
    this.#engine = start.engine;
    this.#jobs = start.jobs;
    this.#results = start.results;
    this.#issues = draftIssues(history.present, start.engine, say);
  }

  get draft(): Draft {
    return this.#history.present;
  }
  get history(): Pick<UndoHistory<Draft>, 'canUndo' | 'canRedo' | 'snapshot'> {
    return this.#history;
  }
  get engine(): EngineView {
    return this.#engine;
  }
  get jobs(): readonly JobView[] {
    return this.#jobs;
  }
  get results(): readonly ResultView[] {
    return this.#results;
  }
  /** What is wrong with the draft as typed. */
  get issues(): FieldMessages {
    return this.#issues;
  }
  /** What the host found wrong with fields and images of the draft, by the same keys. */
  get problems(): FieldMessages {
    return this.#problems;
  }
  get messages(): readonly Message[] {
    return this.#messages;
  }
  /** Whether the preview is coloured by which image lands where. */
  get showsCoverage(): boolean {
    return this.#showsCoverage;
  }
  /** What people filter the results by. */
  get filter(): string {
    return this.#filter;
  }
  /** The ids of the results that are compared: one with the preview, or two with each other. */
  get compared(): readonly string[] {
    return this.#compared;
  }

  /** The seed of the next mix where the draft has none: drawn beforehand, so that the preview can show it. */
  get randomSeed(): number {
    return this.#randomSeed;
  }

  /**
   * The seed for a mix of the present draft. The same mix asked for once more gets another one; otherwise it stays, so that
   * the preview goes on showing what was made.
   */
  seedForMix(): number {
    if (this.#seeded === this.draft && this.draft.seed === null) this.drawNewSeed();
    this.#seeded = this.draft;
    return this.#randomSeed;
  }

  /** Draws another seed for the next mix. */
  drawNewSeed(): void {
    this.#randomSeed = drawSeed();
    this.#changed();
  }

  /** Changes the draft. Edits in a row with the same key become one step of the history, until `seal`. */
  edit(change: (draft: Draft) => Draft, key?: string): void {
    const before = this.draft;
    this.#history.change(change(before), key);
    if (this.draft !== before) this.#drafted(before);
  }

  /** Ends the step of the history that is being made. */
  endStep(): void {
    this.#history.endStep();
  }

  undo(): void {
    const before = this.draft;
    if (this.#history.undo()) this.#drafted(before);
  }

  redo(): void {
    const before = this.draft;
    if (this.#history.redo()) this.#drafted(before);
  }

  setEngine(engine: EngineView): void {
    this.#engine = engine;
    this.#issues = draftIssues(this.draft, engine, this.say);
    this.#changed();
  }

  /** Remembers what a job was asked to mix, so that its failure finds the field it belongs to. */
  rememberSubmission(jobId: string, asked: Draft): void {
    this.#asked.set(jobId, asked);
  }

  setJob(job: JobView): void {
    if (job.state === 'failed') this.#blame(job);
    const known = this.#jobs.some(({ id }) => id === job.id);
    this.#jobs = known ? this.#jobs.map((each) => (each.id === job.id ? job : each)) : [...this.#jobs, job];
    this.#changed();
  }

  removeJob(id: string): void {
    this.#jobs = this.#jobs.filter((job) => job.id !== id);
    this.#changed();
  }

  setResults(results: readonly ResultView[]): void {
    this.#results = results;
    this.#compared = this.#compared.filter((id) => results.some((result) => result.id === id));
    this.#changed();
  }

  /** Takes a result into the comparison, in place of the second where there are two, or out of it. */
  toggleCompared(id: string): void {
    const others = this.#compared.filter((each) => each !== id);
    this.#compared = others.length < this.#compared.length ? others : [...others.slice(0, 1), id];
    this.#changed();
  }

  toggleCoverage(): void {
    this.#showsCoverage = !this.#showsCoverage;
    this.#viewed();
  }

  filterResults(filter: string): void {
    this.#filter = filter;
    this.#viewed();
  }

  /** Has a listener hear the address of each picture whose file has changed. */
  onImageChanged(listener: (uri: string) => void, options: { readonly signal?: AbortSignal } = {}): void {
    const heard = (event: Event) => {
      if (event instanceof CustomEvent) listener(event.detail);
    };
    this.addEventListener('picture', heard, options);
  }

  /** A picture's file was written, deleted or came back: what was known of it is out of date. Tells `onPictureChanged`. */
  imageChanged(uri: string): void {
    const stale = new Set(this.draft.images.filter((image) => image.uri === uri).map(({ id }) => `image:${id}`));
    this.#problems = new Map([...this.#problems].filter(([key]) => !stale.has(key)));
    this.dispatchEvent(new CustomEvent('picture', { detail: uri }));
    this.#changed();
  }

  endComparison(): void {
    this.#compared = [];
    this.#changed();
  }

  /** Puts images into the mix; those of `replace` start a new mix, the earlier one stays an undo away. */
  addImages(images: readonly DraftImage[], replace = false): void {
    this.edit((draft) => addImages(replace ? { ...emptyDraft } : draft, images, replace));
  }

  /** Forgets what the host found wrong, before it is asked again. */
  clearProblems(): void {
    this.#problems = new Map();
    this.#changed();
  }

  /** Shows what the host found wrong: at its field where it names one, else as a message. @param asked the draft that it looked at. */
  reportProblems(problems: readonly Problem[], asked: Draft = this.draft): void {
    const byField = new Map(this.#problems);
    const rest: Message[] = [];
    for (const { message, field } of problems) {
      const key = field === undefined ? undefined : problemKey(asked, field);
      if (key === undefined) rest.push({ id: ++this.#lastMessage, text: message });
      else byField.set(key, message);
    }
    this.#problems = byField;
    const known = new Set(rest.map(({ text }) => text));
    this.#messages = [...this.#messages.filter(({ text }) => !known.has(text)), ...rest];
    this.#changed();
  }

  dismissMessage(message: Message): void {
    this.#messages = this.#messages.filter(({ id }) => id !== message.id);
    this.#changed();
  }

  /** Marks the field or image that made a job fail, where the draft still has it. */
  #blame({ id, field, message }: JobView): void {
    const key = field === undefined ? undefined : problemKey(this.#asked.get(id) ?? this.draft, field);
    if (key !== undefined && message !== undefined) this.#problems = new Map(this.#problems).set(key, message);
  }

  #drafted(before: Draft): void {
    this.#issues = draftIssues(this.draft, this.#engine, this.say);
    const isAsItWas = (key: string) => blamed(before, key) === blamed(this.draft, key);
    this.#problems = new Map([...this.#problems].filter(([key]) => isAsItWas(key)));
    this.dispatchEvent(new Event('draft'));
    this.#changed();
  }

  #viewed(): void {
    this.dispatchEvent(new Event('view'));
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}

function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? limits.seed.min;
}

/** The value that a problem's key speaks of: once it has changed, the problem is out of date. */
function blamed(draft: Draft, key: string): unknown {
  const [kind, id] = key.split(':');
  const image = draft.images.find((each) => each.id === id);
  if (kind === 'image') return image?.uri;
  if (kind === 'weight') return image?.weight;
  return Reflect.get(draft, key);
}

/** `images.2.weight` as `weight:ID` and `images.2` as `image:ID`; undefined where there is no such image. */
function problemKey(draft: Draft, field: string): string | undefined {
  const match = /^images\.(\d+)(\.weight)?/.exec(field);
  if (!match) return field;
  const id = draft.images[Number(match[1])]?.id;
  return id && `${match[2] ? 'weight' : 'image'}:${id}`;
}
