import type { ServerState } from '../engines/comfyui/comfyuiEngine.ts';
import { exampleWorkflow } from '../engines/comfyui/exampleWorkflow.ts';
import type { AdapterPlan } from '../engines/comfyui/graph.ts';
import { planModel } from '../engines/comfyui/modelPlan.ts';
import { serverAddress } from '../engines/comfyui/serverAddress.ts';
import { MixFailure } from '../mix/failure.ts';
import { ComfyuiReport } from './comfyuiReport.ts';
import type { Messages } from './messages/messages.ts';
import type { Workspace } from './ports.ts';
import type { ServerStates } from './serverStates.ts';
import type { Settings } from './settings.ts';

/** A well-known SDXL checkpoint, for a workflow if no server says what it has. */
const usualCheckpoint = 'sd_xl_base_1.0.safetensors';

export interface ComfyuiServersOptions {
  readonly settings: Settings;
  readonly servers: Pick<ServerStates, 'query'>;
  readonly messages: Messages;
  readonly workspace: Pick<Workspace, 'firstFolder'>;
}

/** The user's ComfyUI servers, for commands. */
export class ComfyuiServers {
  readonly #options: ComfyuiServersOptions;

  constructor(options: ComfyuiServersOptions) {
    this.#options = options;
  }

  /** The origins of the servers, each once, in the order of the settings. Addresses that can't be used have none. */
  origins(): readonly string[] {
    const origins = this.#options.settings.get('comfyui.servers').flatMap((url) => {
      try {
        return [this.originOf(url)];
      } catch (error) {
        if (error instanceof MixFailure) return []; // the check of the servers says what is wrong
        throw error;
      }
    });
    return [...new Set(origins)];
  }

  /** The origin that a server's authorization is for. @throws MixFailure `network` if the base URL can't be used. */
  originOf(url: string): string {
    return serverAddress(url).origin;
  }

  /** Asks all servers anew. @throws MixFailure `untrusted-workspace` in Restricted Mode. */
  async check(signal: AbortSignal): Promise<ComfyuiReport> {
    const states = await this.#options.servers.query({ refresh: true, signal });
    return new ComfyuiReport(states, this.#settings(), this.#options.messages);
  }

  /**
   * The built-in graph as a workflow file, with the models that mixes use now.
   * @param images how many images it mixes, at least.
   * @throws MixFailure `untrusted-workspace` in Restricted Mode.
   */
  async newWorkflow(images: number, signal: AbortSignal): Promise<string> {
    const states = await this.#options.servers.query({ signal });
    return exampleWorkflow(this.#planFor(states), Math.min(10, Math.max(2, images)));
  }

  #planFor(states: readonly ServerState[]): AdapterPlan {
    const { checkpoint, preset } = this.#settings();
    for (const state of states) {
      if ('failure' in state) continue;
      try {
        const plan = planModel(state, { model: null, checkpoint, preset });
        if (plan.kind === 'adapter') return plan;
      } catch (error) {
        if (!(error instanceof MixFailure)) throw error; // another server may have what this one lacks
      }
    }
    return { kind: 'adapter', checkpoint: checkpoint || usualCheckpoint, preset };
  }

  #settings() {
    const { settings, workspace } = this.#options;
    return settings.comfyui(workspace.firstFolder());
  }
}
