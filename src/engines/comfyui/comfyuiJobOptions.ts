import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import type { Clock } from '../clock.ts';
import type { MixContext, MixTask } from '../engine.ts';
import type { ComfyuiLogEvent } from './comfyuiEngine.ts';
import type { ComfyuiServer } from './comfyuiServer.ts';
import type { ComfyuiSettings } from './comfyuiSettings.ts';
import type { ComfyuiState } from './comfyuiState.ts';
import type { ServerSocket } from './socket.ts';
import type { UploadedNames } from './sourceUpload.ts';
import type { NodeInfos } from './workflowBinding.ts';

/** What one run of a job needs. */
export interface ComfyuiJobOptions {
  readonly task: MixTask;
  readonly settings: ComfyuiSettings;
  readonly context: MixContext;
  readonly server: ComfyuiServer;
  /** The socket that gets the events of the job's prompts. */
  readonly socket: ServerSocket;
  readonly state: ComfyuiState;
  /** Whether another server can have the job, as long as nothing was sent. @throws the signal's reason. */
  canMove(): Promise<boolean>;
  /** What the server says about the nodes of the user's workflow, if it was asked already. */
  readonly infos?: NodeInfos | undefined;
  /** The images that the server has. */
  readonly uploaded: UploadedNames;
  /** Milliseconds that a prompt may run without progress. */
  readonly timeout: number;
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly clock: Clock;
  newId(): string;
  readonly log: (event: ComfyuiLogEvent) => void;
}

/** Writes a line about a job to the log. */
export function logJob(
  { log, task }: ComfyuiJobOptions,
  level: ComfyuiLogEvent['level'],
  event: string,
  args: ComfyuiLogEvent['args'],
): void {
  log({ level, jobId: task.jobId, event, args });
}
