import type { FailureCode } from '../mix/failure.ts';
import type { Mending } from '../protocol/contract.ts';

/** Where a failure is mended that no change to the mix can mend: commands, without `imageMixer.`. */
export function mendingOf(code: FailureCode): Mending[] {
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
