import * as vscode from 'vscode';
import { type EngineName, limitsOf } from '../mix/limits.ts';
import type { EngineView } from '../protocol/contract.ts';
import type { ApiKeys } from './apiKeys.ts';
import { setting } from './settings.ts';

/** Tells which engine the next mix runs on: the setting; `auto` is hosted once a key is stored; always local in Restricted Mode. */
export class EngineChoice {
  readonly #keys: ApiKeys;
  readonly #origin: () => string;
  readonly #balance: () => EngineView['balance'];

  /**
   * @param origin the origin of the base URL in force.
   * @param balance what is known of the account there.
   */
  constructor(keys: ApiKeys, origin: () => string, balance: () => EngineView['balance']) {
    this.#keys = keys;
    this.#origin = origin;
    this.#balance = balance;
  }

  async name(): Promise<EngineName> {
    const chosen = setting('engine');
    if (chosen !== 'auto') return chosen;
    return vscode.workspace.isTrusted && (await this.#hasKey()) ? 'hosted' : 'local';
  }

  async view(): Promise<EngineView> {
    const name = await this.name();
    const dialect = setting('hosted.dialect');
    const { images, needsPrompt, ignores } = limitsOf(name, dialect);
    return {
      name,
      dialect,
      hasKey: await this.#hasKey(),
      trusted: vscode.workspace.isTrusted,
      maxImages: images.max,
      needsPrompt,
      ignores: [...ignores],
      balance: name === 'hosted' ? this.#balance() : null,
    };
  }

  /** Calls the listener when the answer may have changed. */
  onChange(listener: () => void): vscode.Disposable {
    return vscode.Disposable.from(
      this.#keys.onChange(listener),
      vscode.workspace.onDidGrantWorkspaceTrust(listener),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('imageMixer')) listener();
      }),
    );
  }

  async #hasKey(): Promise<boolean> {
    return (await this.#keys.get(this.#origin())) !== undefined;
  }
}
