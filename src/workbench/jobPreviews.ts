import { previewOfJob } from '../app/jobView.ts';
import type { JobSnapshot } from '../jobs/jobRunner.ts';
import type { JobPreview } from '../protocol/contract.ts';

/**
 * Sends previews of running jobs to the panel: of each job one at a time, and the newest next. So a panel that is slower than a server
 * skips some.
 */
export class JobPreviews {
  readonly #send: (preview: JobPreview) => Promise<void>;
  /** By job: the image that was last seen. */
  readonly #seen = new Map<string, JobSnapshot['preview']>();
  /** By job: what is sent next, or undefined. Jobs whose preview isn't being sent are missing. */
  readonly #next = new Map<string, JobPreview | undefined>();

  /** @param send resolves once the panel has the preview; must not reject. */
  constructor(send: (preview: JobPreview) => Promise<void>) {
    this.#send = send;
  }

  /** Call this for every change of a job. */
  show(job: JobSnapshot): void {
    const { id } = job.record;
    const preview = previewOfJob(job);
    if (!preview) {
      this.#seen.delete(id);
      if (this.#next.has(id)) this.#next.set(id, undefined);
      return;
    }
    if (this.#seen.get(id) === job.preview) return;
    this.#seen.set(id, job.preview);
    const isSending = this.#next.has(id);
    this.#next.set(id, preview);
    if (!isSending) void this.#sendAll(id);
  }

  async #sendAll(id: string): Promise<void> {
    for (let next = this.#next.get(id); next; next = this.#next.get(id)) {
      this.#next.set(id, undefined);
      await this.#send(next);
    }
    this.#next.delete(id);
  }
}
