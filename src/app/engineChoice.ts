import { type EngineName, limitsOf } from '../mix/limits.ts';
import type { EngineView } from '../protocol/contract.ts';
import type { ComfyuiView } from '../protocol/serverContract.ts';
import type { ApiKeys } from './apiKeys.ts';
import type { Disposable } from './ports.ts';
import type { Settings } from './settings.ts';
import type { Trust } from './trust.ts';

/** Whether an engine runs on the hosted service: with uploads, a key and an account. */
export function usesService(engine: EngineName): boolean {
  switch (engine) {
    case 'hosted':
      return true;
    case 'local':
    case 'comfyui':
      return false;
  }
}

/**
 * Chooses the engine of the next mix: by the setting. `auto` is hosted once a key is stored, else comfyui once a server is set, else local,
 * and always local in Restricted Mode.
 */
export class EngineChoice {
  readonly #settings: Settings;
  readonly #keys: ApiKeys;
  readonly #trust: Trust;
  readonly #origin: () => string | undefined;

  /** @param options.origin the origin of the current base URL. */
  constructor(options: { settings: Settings; keys: ApiKeys; trust: Trust; origin: () => string | undefined }) {
    this.#settings = options.settings;
    this.#keys = options.keys;
    this.#trust = options.trust;
    this.#origin = options.origin;
  }

  async name(): Promise<EngineName> {
    const chosen = this.#settings.get('engine');
    if (chosen !== 'auto') return chosen;
    if (!this.#trust.isTrusted) return 'local';
    if (await this.#hasKey()) return 'hosted';
    return this.#settings.get('comfyui.servers').length > 0 ? 'comfyui' : 'local';
  }

  /**
   * The engine as the panel shows it.
   * @param balance the balance of the account at the service, if known. @param viewOfComfyui how mixes on ComfyUI servers are made.
   */
  async view(balance: EngineView['balance'], viewOfComfyui: () => Promise<ComfyuiView>): Promise<EngineView> {
    const name = await this.name();
    const comfyui = name === 'comfyui' && this.#trust.isTrusted ? await viewOfComfyui() : null;
    const dialect = this.#settings.get('hosted.dialect');
    const { images, side, needsPrompt, ignores } = limitsOf(name, dialect);
    return {
      choice: this.#settings.get('engine'),
      name,
      dialect,
      hasKey: await this.#hasKey(),
      trusted: this.#trust.isTrusted,
      maxImages: images.max,
      maxSide: side.max,
      needsPrompt,
      ignores: [...(comfyui?.workflow?.ignores ?? ignores)],
      balance: usesService(name) ? balance : null,
      comfyui,
    };
  }

  /** Calls the listener when the choice may have changed. */
  onChange(listener: () => void): Disposable {
    const subscriptions = [
      this.#keys.onChange(listener),
      this.#trust.onTrust(listener),
      this.#settings.onChange(listener),
    ];
    return {
      dispose: () => {
        for (const subscription of subscriptions) subscription.dispose();
      },
    };
  }

  async #hasKey(): Promise<boolean> {
    const origin = this.#origin();
    return origin !== undefined && (await this.#keys.get(origin)) !== undefined;
  }
}
