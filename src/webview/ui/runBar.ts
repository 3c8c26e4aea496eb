import { html, nothing, type TemplateResult } from 'lit';
import {
  type EngineChoiceName,
  type EngineView,
  engineChoices,
  type JobPreview,
  type JobView,
} from '../../protocol/contract.ts';
import { iconButton } from './iconButton.ts';
import { textButton } from './textButton.ts';
import './jobList.ts';
import { PanelElement } from './panelElement.ts';
import { type SelectOption, selectBox } from './selectBox.ts';
import './serverList.ts';

const noteId = 'engine-note';

/** The Mix button, the engine beside it, its servers, and the jobs. Fires `run` when the button is clicked. */
export class RunBar extends PanelElement {
  static override properties = {
    engine: { attribute: false },
    model: { attribute: false },
    jobs: { attribute: false },
    previews: { attribute: false },
  };
  declare engine: EngineView;
  /** The draft's model. */
  declare model: string | null;
  declare jobs: readonly JobView[];
  declare previews: ReadonlyMap<string, JobPreview>;

  override render(): TemplateResult {
    const { say, actions } = this.panel;
    return html`
      <div class="run-box">
        <div class="run">
          <span class="run-button">
            ${textButton(say('panel.mix'), () => this.dispatchEvent(new CustomEvent('run')), {
              icon: 'play',
              title: say('panel.mix.tip', { shortcut: shortcut() }),
            })}
          </span>
          <span class="engine-choice">${this.#choice()}</span>
          <span class="engine-actions">
            ${iconButton('settings-gear', say('panel.engine.settings'), () => void actions.runCommand('openSettings'))}
          </span>
          <span class="engine-note" id=${noteId}>${this.#notes().join(' ')} ${this.#setKey()}</span>
        </div>
        <mix-servers .engine=${this.engine} .model=${this.model}></mix-servers>
      </div>
      <mix-jobs .jobs=${this.jobs} .previews=${this.previews} .engine=${this.engine}></mix-jobs>
    `;
  }

  #choice(): TemplateResult {
    const { say } = this.panel;
    const { choice, trusted } = this.engine;
    return selectBox({
      label: say('panel.engine'),
      value: choice,
      options: engineChoices.map((name) => this.#option(name)),
      disabled: !trusted,
      describedBy: noteId,
      onChange: (value) => {
        const chosen = engineChoices.find((name) => name === value);
        if (chosen) void this.#choose(chosen);
      },
    });
  }

  /** An engine, with what it costs and needs. */
  #option(name: EngineChoiceName): SelectOption {
    const { say } = this.panel;
    switch (name) {
      case 'auto':
        return {
          value: name,
          label: say('panel.engine.auto', { name: say(`panel.engine.${this.engine.name}`) }),
          note: say('panel.engine.autoNote'),
        };
      case 'local':
      case 'comfyui':
        return { value: name, label: say(`panel.engine.${name}`), note: say(`panel.engine.${name}Note`) };
      case 'hosted': {
        const key = this.engine.hasKey ? [] : [say('panel.engine.hostedNoKey')];
        return {
          value: name,
          label: say('panel.engine.hosted'),
          note: [say('panel.engine.hostedNote'), ...key].join(' '),
        };
      }
    }
  }

  async #choose(value: EngineChoiceName): Promise<void> {
    await this.panel.actions.changeSetting({ name: 'engine', value });
    this.requestUpdate(); // shows the setting's value if it couldn't be changed
  }

  #setKey(): TemplateResult | typeof nothing {
    const { say, actions } = this.panel;
    const { name, choice, hasKey } = this.engine;
    if (hasKey || (name !== 'hosted' && (name !== 'local' || choice !== 'auto'))) return nothing;
    return html`<button type="button" class="link" @click=${() => void actions.runCommand('setApiKey')}>
      ${say('panel.engine.setKey')}
    </button>`;
  }

  #notes(): string[] {
    const { say, formats } = this.panel;
    const { name, hasKey, trusted, balance } = this.engine;
    if (!trusted) return [say('panel.engine.untrusted')];
    switch (name) {
      case 'local':
      case 'comfyui':
        return [say(`panel.engine.${name}Note`)];
      case 'hosted': {
        if (!hasKey) return [say('panel.engine.hostedNoKey')];
        const left = balance ? [say('panel.engine.balance', { amount: formats.money(balance) })] : [];
        return [say('panel.engine.hostedNote'), ...left];
      }
    }
  }
}

/** The shortcut Ctrl+Enter in the notation of the platform. */
function shortcut(): string {
  return /mac/i.test(navigator.userAgent) ? '⌘⏎' : 'Ctrl+Enter';
}

customElements.define('mix-run', RunBar);
