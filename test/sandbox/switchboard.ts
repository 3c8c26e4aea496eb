import type { Behaviour, Scenario } from './scenario.ts';
import type { Stage } from './stages.ts';

interface Active {
  readonly scenario: Scenario;
  readonly times: number | undefined;
  readonly seen: Map<string, { count: number; last: number }>;
}

/** What the scenarios in force say about one request; `behaviour` is undefined where it is served as usual. */
export interface Pick {
  readonly behaviour: Behaviour | undefined;
  readonly attempt: number;
  readonly sinceLast: number;
}

/** Which scenario is in force at which stage. */
export class Switchboard {
  readonly #active = new Map<Stage | 'all', Active>();

  /** Puts a scenario in force at its stage, in place of the one before; `times` overrides how often it acts on each thing. */
  set(scenario: Scenario, times: number | undefined): void {
    this.#active.set(scenario.stage, { scenario, times, seen: new Map() });
  }

  clear(): void {
    this.#active.clear();
  }

  at(stage: Stage): Scenario | undefined {
    return this.#active.get(stage)?.scenario;
  }

  /** What a request about `subject` gets at a stage; counts it. */
  pick(stage: Stage, subject: string, now: number): Pick {
    const active = this.#active.get(stage);
    if (active?.scenario.effect.kind !== 'answers') return { behaviour: undefined, attempt: 0, sinceLast: Infinity };
    const before = active.seen.get(subject);
    const attempt = before?.count ?? 0;
    active.seen.set(subject, { count: attempt + 1, last: now });
    const { times, behaviour } = active.scenario.effect;
    return {
      behaviour: attempt < (active.times ?? times) ? behaviour : undefined,
      attempt,
      sinceLast: before ? now - before.last : Infinity,
    };
  }
}
