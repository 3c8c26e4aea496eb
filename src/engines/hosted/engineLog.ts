import type { MessageArgs } from '../../mix/sentence.ts';

/** A step of a job, or of a request without one, for the log. It never contains a key, a body, or the query of a URL. */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn';
  readonly jobId?: string;
  /** What happened, as an id: `submitted`, `polled`. */
  readonly event: string;
  readonly args: MessageArgs;
}

/** Writes an event to the log. */
export type WriteLogEvent = (event: LogEvent) => void;
