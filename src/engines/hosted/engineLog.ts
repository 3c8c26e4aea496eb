import type { MessageArgs } from '../../mix/sentence.ts';

/** A step of a job's story for the log. It never holds a key, a body, or the query of an address. */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn';
  readonly jobId: string;
  /** What happened, as an id: `posted`, `polled`. */
  readonly event: string;
  readonly args: MessageArgs;
}
export type WriteLogEvent = (event: LogEvent) => void;
