import type { NodeRun, PromptEnding } from './controls.ts';
import type { Disk } from './disk.ts';
import type { FaultTrigger } from './faults.ts';
import type { Gate } from './gate.ts';
import type { RequestLog } from './log.ts';
import type { Shelf } from './nodes/nodeClass.ts';
import type { ComfyUISettings } from './settings.ts';

/** What stays when the process restarts, and what's known of all its lives. */
export interface World {
  settings: ComfyUISettings;
  readonly disk: Disk;
  readonly gate: Gate;
  readonly faults: FaultTrigger;
  readonly log: RequestLog;
  readonly runs: NodeRun[];
  readonly endings: PromptEnding[];
  /** Kills the process and starts it again. */
  readonly restart: () => Promise<void>;
}

/** The part of the world that nodes and validation use. */
export function shelfOf({ settings, disk }: World): Shelf {
  return { settings, disk };
}
