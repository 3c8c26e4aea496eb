import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import type { Clock } from '../clock.ts';
import type { MixContext, MixTask } from '../engine.ts';
import type { WriteLogEvent } from './engineLog.ts';
import type { HostedState } from './hostedState.ts';
import type { Service } from './service.ts';
import type { SharedStore } from './sharedStore.ts';
import type { SubmissionInterval } from './submissionInterval.ts';
import type { Transport } from './transport.ts';

/** What all jobs of an engine share. */
export interface HostedJobServices {
  /** The API key that is stored for exactly this origin. @throws MixFailure `no-api-key…`, after some seconds at the latest. */
  apiKey(origin: string): Promise<string>;
  readonly codec: Codec;
  /** Reads sources, and downloads results. */
  readonly reader: SourceReader;
  /** Records of recent uploads and submissions, shared by all windows. */
  readonly store: SharedStore;
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  readonly log: WriteLogEvent;
}

/** What one run of a job needs. */
export interface HostedJobOptions extends HostedJobServices {
  readonly task: MixTask;
  readonly context: MixContext;
  readonly service: Service;
  readonly state: HostedState;
  readonly transport: Transport;
  readonly interval: SubmissionInterval;
  /** Milliseconds that the service has for each request. */
  readonly timeout: number;
}
