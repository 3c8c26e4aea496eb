import type * as z from 'zod';
import { MixFailure } from '../../mix/failure.ts';
import { RequestError } from '../../network/requestError.ts';
import { parseJson } from '../../storage/json.ts';
import type { ServerConnection } from './connection.ts';
import type { Graph } from './graph.ts';
import { promptFailure } from './promptFailure.ts';
import type { ServerAddress } from './serverAddress.ts';
import { requireVersion } from './serverVersion.ts';
import {
  type JobState,
  jobStateSchema,
  metadataSchema,
  missingJobSchema,
  type Queue,
  queueLengthSchema,
  queueSchema,
  type ServerFile,
  type SystemStats,
  systemStatsSchema,
  uploadSchema,
} from './wire/answers.ts';
import { type HistoryEntry, historySchema } from './wire/history.ts';
import { type NodeInfo, nodeInfoOf, objectInfoSchema } from './wire/nodeInfo.ts';
import { acceptedSchema, type InputProblem, refusedSchema } from './wire/promptAnswer.ts';

const megabyte = 1024 * 1024;
/** Bytes of a response. The queue and the history contain the graphs of their prompts. */
const maxBytes = {
  small: megabyte,
  list: 16 * megabyte,
  queue: 8 * megabyte,
  graphs: 64 * megabyte,
  file: 128 * megabyte,
};

/** A prompt to queue. The ids are UUIDs of the client's own. */
export interface PromptSubmission {
  readonly graph: Graph;
  readonly clientId: string;
  readonly promptId: string;
}

/** What became of a submission. */
export type SubmitAnswer =
  /** Its outputs with `problems` are left out of the run. A `promptId` other than the submission's means a server that is too old. */
  | { readonly kind: 'accepted'; readonly promptId: string; readonly problems: readonly InputProblem[] }
  | { readonly kind: 'refused'; readonly failure: MixFailure; readonly problems: readonly InputProblem[] }
  /** The request may have arrived, but no answer came: only the queue and the history can tell. */
  | { readonly kind: 'unknown'; readonly failure: MixFailure };

/**
 * The API of a server, one request per call. Every call throws MixFailure, whose cause is a RequestError if no response came, or the
 * signal's reason.
 */
export class ComfyuiClient {
  readonly #connection: ServerConnection;
  #lacksJobs = false;

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  get address(): ServerAddress {
    return this.#connection.address;
  }

  /** @throws MixFailure `unexpected-response/not-comfyui` if something else answers. */
  async systemStats(signal: AbortSignal): Promise<SystemStats> {
    const reply = await this.#connection.send({ path: 'system_stats', maxBytes: maxBytes.small }, signal);
    const stats = systemStatsSchema.safeParse(parseJson(reply.body.toString('utf8')));
    if (stats.success) return stats.data;
    const args = { server: this.address.name, status: reply.status };
    throw new MixFailure('unexpected-response/not-comfyui', { args, cause: stats.error });
  }

  /** The description of a class of nodes; undefined if the server doesn't have it. */
  async nodeInfo(className: string, signal: AbortSignal): Promise<NodeInfo | undefined> {
    const path = `object_info/${encodeURIComponent(className)}`;
    const reply = await this.#find(path, maxBytes.list, signal);
    return reply && nodeInfoOf(this.#connection.parse(reply, objectInfoSchema), className);
  }

  /** The metadata of a model file; undefined if it has none, or none that the server can read. */
  async metadata(folder: string, file: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    const path = `view_metadata/${encodeURIComponent(folder)}?${new URLSearchParams({ filename: file })}`;
    const reply = await this.#find(path, maxBytes.list, signal, [400, 404, 405, 500]);
    return reply && this.#connection.parse(reply, metadataSchema);
  }

  /** Uploads a PNG. @returns its name as LoadImage takes it. */
  async upload(
    { name, subfolder, bytes }: { name: string; subfolder: string; bytes: Uint8Array },
    signal: AbortSignal,
  ): Promise<string> {
    const form = { fields: { type: 'input', subfolder }, file: { field: 'image', name, bytes } };
    const call = { path: 'upload/image', form, maxBytes: maxBytes.small, hasFile: true };
    const reply = await this.#connection.send(call, signal);
    const stored = this.#connection.parse(reply, uploadSchema);
    return stored.subfolder === '' ? stored.name : `${stored.subfolder}/${stored.name}`;
  }

  /** Queues a prompt. @throws MixFailure if the server certainly doesn't have it. */
  async submit({ graph, clientId, promptId }: PromptSubmission, signal: AbortSignal): Promise<SubmitAnswer> {
    const json = {
      prompt: graph,
      client_id: clientId,
      prompt_id: promptId,
      extra_data: { preview_method: 'auto' }, // newer servers can make previews for one prompt, and by default make none
    };
    const connection = this.#connection;
    const call = { path: 'prompt', json, maxBytes: maxBytes.list, expected: [400] };
    try {
      const reply = await connection.send(call, signal);
      if (reply.status !== 400) return { kind: 'accepted', ...connection.parse(reply, acceptedSchema) };
      const refused = connection.parse(reply, refusedSchema);
      return { kind: 'refused', failure: promptFailure(refused, this.address), problems: refused.problems };
    } catch (error) {
      if (error instanceof MixFailure && mayHaveArrived(error)) return { kind: 'unknown', failure: error };
      throw error;
    }
  }

  /** How many prompts run or wait. */
  queueLength(signal: AbortSignal): Promise<number> {
    return this.#get('prompt', queueLengthSchema, maxBytes.small, signal);
  }

  /**
   * The prompts that run or wait; undefined if they're too many to read. Their graphs make the answer long: for their number alone, ask for
   * the length.
   */
  async queue(signal: AbortSignal): Promise<Queue | undefined> {
    try {
      return await this.#get('queue', queueSchema, maxBytes.queue, signal);
    } catch (error) {
      const isTooLong =
        error instanceof MixFailure && error.cause instanceof RequestError && error.cause.reason === 'too-large';
      if (isTooLong) return undefined;
      throw error;
    }
  }

  /** How a prompt ended; undefined if it didn't, or the server doesn't know it. */
  async history(promptId: string, signal: AbortSignal): Promise<HistoryEntry | undefined> {
    const entries = await this.#get(`history/${encodeURIComponent(promptId)}`, historySchema, maxBytes.graphs, signal);
    return Object.hasOwn(entries, promptId) ? entries[promptId] : undefined;
  }

  /** Whether a prompt waits or runs, without its graph; undefined if it does neither, or the server is too old to tell. */
  async jobState(promptId: string, signal: AbortSignal): Promise<JobState | undefined> {
    if (this.#lacksJobs) return undefined;
    const path = `jobs/${encodeURIComponent(promptId)}`;
    const reply = await this.#connection.send({ path, maxBytes: maxBytes.graphs, expected: [404, 405] }, signal);
    const answer = parseJson(reply.body.toString('utf8'));
    // Servers before 0.6 don't have the route, and so no message of their own.
    this.#lacksJobs = reply.status >= 400 && !missingJobSchema.safeParse(answer).success;
    return jobStateSchema.safeParse(answer).data;
  }

  /** The bytes of a file; undefined if it was removed. */
  async view(file: ServerFile, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = `view?${new URLSearchParams({ ...file })}`;
    const call = { path, maxBytes: maxBytes.file, hasFile: true, expected: [404] };
    const reply = await this.#connection.send(call, signal);
    return reply.status === 404 ? undefined : new Uint8Array(reply.body);
  }

  /** Removes a prompt from the queue if it waits. Does nothing to one that runs. */
  async deletePending(promptId: string, signal: AbortSignal): Promise<void> {
    await this.#connection.send({ path: 'queue', json: { delete: [promptId] }, maxBytes: maxBytes.small }, signal);
  }

  /** Interrupts a prompt if it runs. Only for servers that aren't too old: before, whatever ran was stopped. */
  async interrupt(promptId: string, signal: AbortSignal): Promise<void> {
    await this.#connection.send({ path: 'interrupt', json: { prompt_id: promptId }, maxBytes: maxBytes.small }, signal);
  }

  /**
   * Removes or interrupts a prompt, whether it waits or runs, and no other. If it begins to run in this moment, it may keep running on servers
   * before 0.26, so look whether it's gone, and cancel it again if not.
   * @throws MixFailure `unexpected-response/comfyui-old` if it runs on a server that can't interrupt it alone.
   */
  async cancel(promptId: string, signal: AbortSignal): Promise<void> {
    const path = `jobs/${encodeURIComponent(promptId)}/cancel`;
    const call = { path, json: {}, maxBytes: maxBytes.small, expected: [404, 405] };
    const reply = await this.#connection.send(call, signal);
    if (reply.status < 300) return;
    await this.deletePending(promptId, signal);
    const queue = await this.queue(signal);
    if (queue && !queue.running.some(({ id }) => id === promptId)) return;
    // The server may have been replaced by an older one, whose interrupt stops whatever runs.
    const { version } = await this.systemStats(signal);
    requireVersion(version, this.address);
    await this.interrupt(promptId, signal);
  }

  async #get<Output>(path: string, schema: z.ZodType<Output>, limit: number, signal: AbortSignal): Promise<Output> {
    return this.#connection.parse(await this.#connection.send({ path, maxBytes: limit }, signal), schema);
  }

  /** A reply; undefined if its status means that there is nothing. */
  async #find(path: string, limit: number, signal: AbortSignal, absent: readonly number[] = [404, 405]) {
    const reply = await this.#connection.send({ path, maxBytes: limit, expected: absent }, signal);
    return absent.includes(reply.status) ? undefined : reply;
  }
}

/** Whether the server may have queued the prompt all the same: a proxy can lose its answer, and an answer can be cut off. */
function mayHaveArrived({ code, key, cause }: MixFailure): boolean {
  if (cause instanceof RequestError) return cause.sent;
  return code === 'service-unavailable' || key === 'unexpected-response/comfyui';
}
