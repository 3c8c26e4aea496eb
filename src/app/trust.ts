import { MixFailure } from '../mix/failure.ts';
import type { Workspace } from './ports.ts';

/** What Restricted Mode forbids: running a recipe of the workspace, work on the hosted service or a ComfyUI server, fetching images. */
export type RestrictedAction = 'recipe' | 'server' | 'network';

/** Decides what an untrusted workspace may do. Code that runs a recipe, uses the service or fetches an image has to call `require` first. */
export class Trust {
  readonly #workspace: Pick<Workspace, 'isTrusted' | 'onTrust'>;

  constructor(workspace: Pick<Workspace, 'isTrusted' | 'onTrust'>) {
    this.#workspace = workspace;
  }

  /** Whether the workspace is trusted. Without trust, only the local engine works, on images that the user picks. */
  get isTrusted(): boolean {
    return this.#workspace.isTrusted();
  }

  get onTrust(): Workspace['onTrust'] {
    return (listener) => this.#workspace.onTrust(listener);
  }

  /** @throws MixFailure `untrusted-workspace` in Restricted Mode. */
  require(what: RestrictedAction): void {
    if (this.isTrusted) return;
    throw what === 'network' ? new MixFailure('untrusted-workspace/network') : new MixFailure('untrusted-workspace');
  }
}
