import type { FailureCode } from '../mix/failureTable.ts';
import type { FailureFix } from '../protocol/contract.ts';

/** The commands, without `imageMixer.`, that fix failures that no change to the mix can fix. */
export function fixCommandsFor(code: FailureCode): FailureFix[] {
  switch (code) {
    case 'no-api-key':
    case 'invalid-api-key':
      return ['setApiKey', 'openAccount'];
    case 'insufficient-credits':
    case 'plan-required':
      return ['openAccount'];
    default:
      return [];
  }
}
