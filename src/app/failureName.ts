import { MixFailure } from '../mix/failure.ts';
import type { FailureKey } from '../mix/failureTable.ts';

/** Runs a step whose failure is about the file that messages call `name`. */
export async function named<Value>(name: string, step: () => Promise<Value>): Promise<Value> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    const { key, args, retryable, cause } = error;
    throw new MixFailure<FailureKey>(key, { args, imageName: name, retryable, cause });
  }
}
