/** What a server can do, by its version. */
export interface Abilities {
  /** `/interrupt` looks at `prompt_id`. Before, it stops whatever runs. */
  readonly targetedInterrupt: boolean;
  /** The client may choose the id of a prompt. */
  readonly clientPromptIds: boolean;
  /** `/features` and the events `progress_state` and `feature_flags` exist. */
  readonly features: boolean;
  readonly jobs: boolean;
  readonly jobCancel: boolean;
  readonly backgroundRemoval: boolean;
  /**
   * Newer validation: ids must be UUIDs, `missing_node_type` and `dependency_cycle` have their own errors, COMBO lists are checked,
   * and requests from other sites are refused.
   */
  readonly strict: boolean;
}

/** The abilities of a version such as `0.3.64`. */
export function abilitiesOf(version: string): Abilities {
  const since = (first: string): boolean => compare(version, first) >= 0;
  return {
    targetedInterrupt: since('0.3.57'),
    clientPromptIds: since('0.3.45'),
    features: since('0.3.45'),
    jobs: since('0.6.0'),
    jobCancel: since('0.26.0'),
    backgroundRemoval: since('0.21.0'),
    strict: since('0.26.0'),
  };
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
