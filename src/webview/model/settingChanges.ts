import type { SettingChange } from '../../protocol/contract.ts';

/** Changes of settings on their way to the host. Of those that follow each other quickly, such as a drag, only the last is sent. */
export class SettingChanges {
  readonly #send: (change: SettingChange) => Promise<void>;
  readonly #delay: number;
  readonly #waiting = new Map<SettingChange['name'], SettingChange>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when everything that was sent has arrived. */
  #sent: Promise<unknown> = Promise.resolve();

  /** @param send must not reject. @param delay milliseconds without a change until the last one is sent. */
  constructor(send: (change: SettingChange) => Promise<void>, delay = 300) {
    this.#send = send;
    this.#delay = delay;
  }

  add(change: SettingChange): void {
    this.#waiting.set(change.name, change);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), this.#delay);
  }

  /** Sends what waits, and resolves once it has arrived. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const changes = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#sent = Promise.all([this.#sent, ...changes.map((change) => this.#send(change))]);
    await this.#sent;
  }
}
