/** Something that goes wrong with a client's prompt. Strangers' prompts are never affected. */
export type Fault = { readonly times?: number } & (
  | {
      /**
       * At this sampling step (from 1): the process restarts; all sockets close; all open sockets fall silent, and close as soon as
       * the client opens a new one; somebody interrupts the prompt.
       */
      readonly kind: 'restart' | 'drop-sockets' | 'silence-sockets' | 'interrupt';
      readonly step: number;
    }
  /** The process restarts right after it has accepted the prompt. */
  | { readonly kind: 'restart-on-arrival' }
  /** A node of this class fails. */
  | { readonly kind: 'raise'; readonly classType: string; readonly type: string; readonly message: string }
  /** A node of this class never returns, and can't be interrupted. */
  | { readonly kind: 'stuck'; readonly classType: string }
  /** Somebody deletes the prompt while it's pending. */
  | { readonly kind: 'delete-pending' }
  /** Somebody clears the history as soon as the prompt is in it. */
  | { readonly kind: 'forget-history' }
  /** Somebody removes the result files as soon as they're in the history. */
  | { readonly kind: 'remove-outputs' }
  /** The prompt is accepted, but the connection breaks before the reply. */
  | { readonly kind: 'lose-reply' }
  /** The connection of a request that cancels breaks before the server reads it. */
  | { readonly kind: 'cut-cancel' }
  /** The reply to a prompt comes only after it has finished. */
  | { readonly kind: 'late-reply' }
);

type Kind = Fault['kind'];

/** Decides when the fault of the settings happens: the first `times` times (1 by default) that a prompt gets to its place. */
export class FaultTrigger {
  readonly #current: () => Fault | undefined;
  readonly #counts = new Map<Fault, number>();

  constructor(current: () => Fault | undefined) {
    this.#current = current;
  }

  /** The current fault if it has one of these kinds, applies to this place, and isn't used up. Each call that returns it counts. */
  take<K extends Kind>(kinds: readonly K[], place: { step?: number; classType?: string } = {}): ActiveFault<K> {
    const fault = this.#current();
    if (!fault || !isOf(fault, kinds)) return undefined;
    if ('step' in fault && fault.step !== place.step) return undefined;
    if ('classType' in fault && fault.classType !== place.classType) return undefined;
    const count = this.#counts.get(fault) ?? 0;
    if (count >= (fault.times ?? 1)) return undefined;
    this.#counts.set(fault, count + 1);
    return fault;
  }
}

type ActiveFault<K extends Kind> = Extract<Fault, { kind: K }> | undefined;

function isOf<K extends Kind>(fault: Fault, kinds: readonly K[]): fault is Extract<Fault, { kind: K }> {
  return kinds.some((kind) => kind === fault.kind);
}
