import { fixtureAnswer } from '../answer.ts';
import type { FixtureName } from '../fixtures.ts';
import { always, answers, type Scenario } from '../scenario.ts';

/** A scenario that answers every mix, or only the first one with the same body, with a fixture. No work is done. */
function refusal(name: string, fixture: FixtureName, status: number, client: string, times: number = always): Scenario {
  const first = times === always ? '' : ', then as usual';
  return {
    name,
    stage: 'mix',
    answers: `\`${fixture}.json\` under HTTP ${status}${first}`,
    client,
    effect: answers(() => fixtureAnswer(fixture, status), times),
  };
}

/** The service's own errors, byte for byte, with HTTP 200 and with the appropriate status. */
export const errorScenarios: readonly Scenario[] = [
  refusal('invalid-key', 'invalid-key', 200, '`invalid-api-key`'),
  refusal('invalid-key-401', 'invalid-key-401', 401, '`invalid-api-key`'),
  refusal('invalid-request', 'invalid-request', 200, '`invalid-request`'),
  refusal('invalid-request-400', 'invalid-request', 400, '`invalid-request`'),
  refusal('validation', 'validation', 200, '`invalid-request`, naming the fields'),
  refusal('validation-400', 'validation', 400, '`invalid-request`, naming the fields'),
  refusal(
    'source-unreachable',
    'source-unreachable',
    200,
    "`invalid-request`, saying that the service couldn't load an image",
  ),
  refusal('source-unreachable-400', 'source-unreachable', 400, 'the same'),
  refusal('duplicate', 'duplicate', 200, 'wait 30 s, then resend', 1),
  refusal('queue-full', 'queue-full', 200, 'wait for `retry_after`, then resend', 1),
  refusal('no-credits', 'no-credits', 200, '`insufficient-credits`'),
  refusal('no-credits-402', 'no-credits', 402, '`insufficient-credits`'),
  refusal('plan-required', 'plan-required', 200, '`plan-required`'),
  refusal('plan-required-403', 'plan-required', 403, '`plan-required`'),
  refusal('server-error', 'server-error', 200, "`service-unavailable`; don't retry"),
  refusal('unavailable', 'unavailable', 200, "`service-unavailable`; don't retry"),
  refusal('failed', 'failed', 200, '`generation-failed`; the user can retry'),
];
