import type { FailureCode } from './failureTable.ts';
import type { EngineName } from './limits.ts';

/** The outcome of a mix for its caller: `imageMixer.run` resolves with it, and the command line prints it as JSON. */
export interface Outcome {
  readonly status: 'done' | 'failed' | 'cancelled';
  readonly jobId: string;
  readonly engine: EngineName;
  /** `file:` URIs of the saved results, in the order of their samples. */
  readonly files: readonly string[];
  readonly seed: number | null;
  readonly seeds: readonly number[];
  readonly warnings: readonly string[];
  readonly error?: { readonly code: FailureCode; readonly message: string; readonly retryable: boolean };
}
