import { createHash } from 'node:crypto';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stages.ts';

/** The fraction of all requests that get a scenario. */
const SHARE = 0.35;

/** Scenarios left out because they never end, take real time or 100 MB, or lead out of this machine. */
const leftOut =
  /^(processing-forever|success-documented|success-empty|download-unknown-host)$|-(stall|stall-body|slow|huge|expired)$/;

/** The scenario of the `number`th request of a stage in chaos, the same for the same seed. Undefined: the request is served as usual. */
export function chaosPick(all: readonly Scenario[], seed: number, stage: Stage, number: number): Scenario | undefined {
  const candidates = all.filter(
    (scenario) => scenario.stage === stage && scenario.effect.kind === 'answers' && !leftOut.test(scenario.name),
  );
  const draw = createHash('sha256').update(`${seed} ${stage} ${number}`).digest();
  if (draw.readUInt32BE(0) / 2 ** 32 >= SHARE) return undefined;
  return candidates[draw.readUInt32BE(4) % candidates.length];
}

/** The scenario that picks among the others. */
export const chaosScenarios: readonly Scenario[] = [
  {
    name: 'chaos',
    stage: 'all',
    answers:
      'about a third of the requests of every stage get one of the scenarios above, chosen by `--seed` and the request number; slow ones (stall, slow, huge, expired, forever) are left out',
    client: 'end each job with its result or one failure, and pay once',
    effect: { kind: 'chaos' },
  },
];
