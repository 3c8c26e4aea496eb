import { chaosPick } from './chaos.ts';
import type { Behaviour, Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { RequestStage, Stage } from './stages.ts';

/** How a scenario is put in force. */
export interface ScenarioOptions {
  /** How often it acts on each mix, id, link or upload; by default as its description says. */
  readonly times?: number;
  /** For `mix-refused` and `poll-refused`: after how many uploads (0 by default) or mixes (1) the port closes. */
  readonly after?: number;
}

interface Active {
  readonly scenario: Scenario;
  readonly times: number | undefined;
  readonly seen: Map<string, { count: number; last: number }>;
  /** For a port that closes: answers of the stage before that are still to come. */
  before: number;
}

/** What the scenarios in force say about one request; `behaviour` is undefined where it is served as usual. */
export interface Pick {
  readonly behaviour: Behaviour | undefined;
  readonly attempt: number;
  readonly sinceLast: number;
}

const asUsual: Pick = { behaviour: undefined, attempt: 0, sinceLast: Number.POSITIVE_INFINITY };
const stageBefore: Partial<Record<Stage | 'all', Stage>> = { mix: 'upload', poll: 'mix' };

/** Which scenario is in force at which stage. */
export class Switchboard {
  readonly #active = new Map<Stage | 'all', Active>();
  readonly #counts = new Map<RequestStage, number>();
  readonly #seed: number;

  /** @param seed of the chaos. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Puts a scenario in force at its stage, in place of the one before. */
  set(scenario: Scenario, { times, after }: ScenarioOptions): void {
    const before = after ?? (scenario.stage === 'poll' ? 1 : 0);
    this.#active.set(scenario.stage, { scenario, times, seen: new Map(), before });
  }

  clear(): void {
    this.#active.clear();
  }

  /** Whether polls are of interest, so that a mix should need one. */
  get polls(): boolean {
    return this.#active.has('poll') || this.#active.has('all');
  }

  /** Where the links to pictures lead. */
  get links(): 'service' | 'elsewhere' | 'refused' | 'unknown-host' {
    const effect = this.#active.get('download')?.scenario.effect;
    return effect?.kind === 'links' ? effect.to : 'service';
  }

  /** How often a webhook is called. */
  get webhooks(): number {
    const effect = this.#active.get('webhook')?.scenario.effect;
    return effect?.kind === 'webhook' ? effect.deliveries : 1;
  }

  /** Whether the port is to be closed now. */
  get closed(): boolean {
    return [...this.#active.values()].some(({ scenario, before }) => scenario.effect.kind === 'closes' && before <= 0);
  }

  /** Counts an answer that is about to leave, for the ports that close after some. */
  answering(stage: RequestStage): void {
    for (const active of this.#active.values()) if (stageBefore[active.scenario.stage] === stage) active.before--;
  }

  /** What a request about `subject` gets at a stage; counts it. */
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
