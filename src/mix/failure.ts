import type { FailureCode, FailureKey, failureTable } from './failureTable.ts';
import type { MessageArgs, Placeholder } from './sentence.ts';

const retryableCodes: ReadonlySet<FailureCode> = new Set([
  'rate-limited',
  'service-unavailable',
  'generation-failed',
  'result-unavailable',
  'timeout',
  'network',
  'save-failed',
]);

/** What a failure may carry besides its key and the values of its sentence. */
export interface FailureDetails {
  /** The recipe field at fault, as a path: `width`, `images.2.weight`. */
  readonly field?: string | undefined;
  /** Position in `recipe.images` of the image at fault. */
  readonly image?: number | undefined;
  /** What that image is called in the message. */
  readonly imageName?: string | undefined;
  /** By default, as usual for the code. */
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/** The values that a failure's sentence needs; any values for a failure that was read from a record. */
export type FailureArgs<Key extends FailureKey> = FailureKey extends Key
  ? MessageArgs
  : Readonly<Record<Placeholder<(typeof failureTable)[Key]>, string | number>>;

type FailureParameters<Key extends FailureKey> = [Placeholder<(typeof failureTable)[Key]>] extends [never]
  ? [details?: FailureDetails]
  : [details: FailureDetails & { readonly args: FailureArgs<Key> }];

/** A typed failure. It carries a key of the table and the values of its sentence; `app/messages` puts it into words. */
export class MixFailure<Key extends FailureKey = FailureKey> extends Error {
  override readonly name = 'MixFailure';
  readonly key: FailureKey;
  readonly args: MessageArgs;
  readonly field: string | undefined;
  readonly image: number | undefined;
  readonly imageName: string | undefined;
  readonly retryable: boolean;

  constructor(key: Key, ...[details]: FailureParameters<Key>) {
    super(key, { cause: details?.cause });
    this.key = key;
    this.args = details && 'args' in details ? details.args : {};
    this.field = details?.field;
    this.image = details?.image;
    this.imageName = details?.imageName;
    this.retryable = details?.retryable ?? retryableCodes.has(codeOf(key));
  }

  /** The public code, which scripts compare against. */
  get code(): FailureCode {
    return codeOf(this.key);
  }

  /** The same failure, blamed on the image at `index` of the recipe, which the message calls `name`. */
  forImage(index: number, name: string): MixFailure {
    const { args, retryable, cause } = this;
    return new MixFailure<FailureKey>(this.key, {
      args,
      field: `images.${index}`,
      image: index,
      imageName: name,
      retryable,
      cause,
    });
  }
}

/** The part of a key before its slash. The table has each code without a reason too; a unit test checks that. */
function codeOf(key: FailureKey): FailureCode {
  const [code = key] = key.split('/');
  return code as FailureCode; // the compiler can't split literals, and the table itself would bring all sentences into the panel
}
