import { chaosPick } from './chaos.ts';
import type { Behaviour, Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { RequestStage, Stage } from './stages.ts';

/** How a scenario is activated. */
export interface ScenarioOptions {
  /** How often it applies to the same mix, id, link or upload; by default, as its description says. */
  readonly times?: number;
  /** For `mix-refused` and `poll-refused`: the number of uploads (0 by default) or mixes (1) after which the port closes. */
  readonly after?: number;
}

interface Active {
  readonly scenario: Scenario;
  readonly times: number | undefined;
  readonly seen: Map<string, { count: number; last: number }>;
  /** For a port that closes: how many answers of the previous stage are left until then. */
  before: number;
}

/** What the active scenarios do with one request. `behaviour` is undefined if it's served as usual. */
export interface Pick {
  readonly behaviour: Behaviour | undefined;
  readonly attempt: number;
  readonly sinceLast: number;
}

const asUsual: Pick = { behaviour: undefined, attempt: 0, sinceLast: Number.POSITIVE_INFINITY };
const stageBefore: Partial<Record<Stage | 'all', Stage>> = { mix: 'upload', poll: 'mix' };

/** The active scenario of each stage. */
export class Switchboard {
  readonly #active = new Map<Stage | 'all', Active>();
  readonly #counts = new Map<RequestStage, number>();
  readonly #seed: number;

  /** @param seed of the chaos. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Activates a scenario for its stage, replacing the previous one. */
  set(scenario: Scenario, { times, after }: ScenarioOptions): void {
    const before = after ?? (scenario.stage === 'poll' ? 1 : 0);
    this.#active.set(scenario.stage, { scenario, times, seen: new Map(), before });
  }

  clear(): void {
    this.#active.clear();
  }

  /** Whether a scenario is about polling, so a mix should need a poll. */
  get polls(): boolean {
    return this.#active.has('poll') || this.#active.has('all');
  }

  /** Where the links to results point. */
  get links(): 'service' | 'elsewhere' | 'refused' | 'unknown-host' {
    const effect = this.#active.get('download')?.scenario.effect;
    return effect?.kind === 'links' ? effect.to : 'service';
  }

  /** How often a webhook is called. */
  get webhooks(): number {
    const effect = this.#active.get('webhook')?.scenario.effect;
    return effect?.kind === 'webhook' ? effect.deliveries : 1;
  }

  /** Whether the port must be closed now. */
  get closed(): boolean {
    return [...this.#active.values()].some(({ scenario, before }) => scenario.effect.kind === 'closes' && before <= 0);
  }

  /** Counts an answer that's about to be sent, for ports that close after some. */
  answering(stage: RequestStage): void {
    for (const active of this.#active.values()) if (stageBefore[active.scenario.stage] === stage) active.before--;
  }

  /** Counts a request for the item `subject` at a stage, and returns what to do with it. */
  pick(stage: RequestStage, subject: string, now: number): Pick {
    const count = this.#counts.get(stage) ?? 0;
    this.#counts.set(stage, count + 1);
    const active = this.#active.get(stage);
    if (!active) return this.#active.has('all') ? this.#chaos(stage, count) : asUsual;
    const { effect } = active.scenario;
    if (effect.kind !== 'answers') return asUsual;
    const before = active.seen.get(subject);
    const attempt = before?.count ?? 0;
    active.seen.set(subject, { count: attempt + 1, last: now });
    return {
      behaviour: attempt < (active.times ?? effect.times) ? effect.behaviour : undefined,
      attempt,
      sinceLast: before ? now - before.last : Number.POSITIVE_INFINITY,
    };
  }

  #chaos(stage: RequestStage, number: number): Pick {
    const effect = chaosPick(scenarios, this.#seed, stage, number)?.effect;
    return effect?.kind === 'answers' ? { ...asUsual, behaviour: effect.behaviour } : asUsual;
  }
}
