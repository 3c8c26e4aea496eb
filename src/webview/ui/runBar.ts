import { html, nothing, type TemplateResult } from 'lit';
import type { EngineView, JobView } from '../../protocol/contract.ts';
import { iconButton } from './iconButton.ts';
import { textButton } from './textButton.ts';
import './jobList.ts';
import { PanelElement } from './panelElement.ts';

/** The Mix button, the engine beside it, and the jobs. Fires `run` when the button is clicked. */
export class RunBar extends PanelElement {
  static override properties = {
    engine: { attribute: false },
    jobs: { attribute: false },
  };
  declare engine: EngineView;
  declare jobs: readonly JobView[];

  override render(): TemplateResult {
    const { say, actions } = this.panel;
    const { name, hasKey } = this.engine;
    return html`
      <div class="run">
        <span class="run-button">
          ${textButton(say('panel.mix'), () => this.dispatchEvent(new CustomEvent('run')), {
            icon: 'play',
            title: say('panel.mix.tip', { shortcut: shortcut() }),
          })}
        </span>
        <span class="engine-name">${say(name === 'local' ? 'panel.engine.local' : 'panel.engine.hosted')}</span>
        <span class="engine-note">${this.#notes().join(' ')}</span>
        <span class="engine-actions">
          ${
            hasKey
              ? nothing
              : html`<button type="button" class="link" @click=${() => void actions.runCommand('setApiKey')}>
                  ${say('panel.engine.setKey')}
                </button>`
          }
          ${iconButton('settings-gear', say('panel.engine.settings'), () => void actions.runCommand('openSettings'))}
        </span>
      </div>
      <mix-jobs .jobs=${this.jobs}></mix-jobs>
    `;
  }

  #notes(): string[] {
    const { say, formats } = this.panel;
    const { name, hasKey, trusted, balance } = this.engine;
    if (name === 'local') return [say(trusted ? 'panel.engine.localNote' : 'panel.engine.untrusted')];
    if (!hasKey) return [say('panel.engine.hostedNoKey')];
    const left = balance ? [say('panel.engine.balance', { amount: formats.money(balance) })] : [];
    return [say('panel.engine.hostedNote'), ...left];
  }
}

/** The shortcut Ctrl+Enter in the notation of the platform. */
function shortcut(): string {
  return /mac/i.test(navigator.userAgent) ? '⌘⏎' : 'Ctrl+Enter';
}

customElements.define('mix-run', RunBar);
