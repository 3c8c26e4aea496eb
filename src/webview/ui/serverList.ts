import { html, nothing, type TemplateResult } from 'lit';
import type { EngineView } from '../../protocol/contract.ts';
import type { ObstacleView, ReadyServer, ServerView } from '../../protocol/serverContract.ts';
import { obstacleOn } from '../model/serverChoices.ts';
import { PanelElement } from './panelElement.ts';

type Command = 'setServers' | 'setComfyUIAuthorization' | 'checkComfyUI';

/** The ComfyUI servers: what each is, or why it can't be used, and what to do. */
export class ServerList extends PanelElement {
  static override properties = {
    engine: { attribute: false },
    model: { attribute: false },
  };
  declare engine: EngineView;
  /** The draft's model. */
  declare model: string | null;

  override render(): TemplateResult | typeof nothing {
    const { say, actions } = this.panel;
    const servers = this.engine.comfyui?.servers;
    if (!servers) return nothing;
    const failures = servers.flatMap(({ answer }) => (answer?.kind === 'failed' ? answer : []));
    const command = (label: string, name: Command) =>
      html`<button type="button" class="link" @click=${() => void actions.runCommand(name)}>${label}</button>`;
    return html`
      ${
        servers.length === 0
          ? html`<p class="server is-failed">${icon('warning')}<span>${say('panel.servers.none')}</span></p>`
          : html`<ul class="servers" aria-label=${say('panel.servers')} aria-busy=${String(servers.some(({ isChecking }) => isChecking))}>${servers.map((server) => this.#server(server))}</ul>`
      }
      <div class="server-actions">
        ${command(say('panel.servers.set'), 'setServers')}
        ${
          failures.some(({ needsAuthorization }) => needsAuthorization)
            ? command(say('panel.job.setComfyUIAuthorization'), 'setComfyUIAuthorization')
            : nothing
        }
        ${
          servers.length === 0
            ? nothing
            : html`
              <button type="button" class="link" @click=${() => void actions.checkServers()}>
                ${say('panel.servers.checkAgain')}
              </button>
              ${command(say('panel.servers.details'), 'checkComfyUI')}
            `
        }
      </div>
    `;
  }

  #server({ name, isChecking, answer }: ServerView): TemplateResult {
    const { say } = this.panel;
    const wait = 'loading codicon-modifier-spin';
    if (!answer)
      return html`<li class="server">${icon(wait)}<span>${[name, say('panel.server.checking')].join(' · ')}</span></li>`;
    if (answer.kind === 'failed')
      return html`<li class="server is-failed">${icon(isChecking ? wait : 'warning')}<span>${answer.message}</span></li>`;
    const obstacle = this.engine.comfyui?.workflow ? null : obstacleOn(answer, this.model);
    const text = html`<span>${this.#describe(name, answer)}</span>`;
    return obstacle === null
      ? html`<li class="server">${icon(isChecking ? wait : 'pass')}${text}</li>`
      : html`<li class="server is-failed">${icon(isChecking ? wait : 'warning')}<div>${text}${this.#obstacle(name, obstacle)}</div></li>`;
  }

  #describe(name: string, { version, device, queueLength }: ReadyServer): string {
    const { say, formats } = this.panel;
    return [
      name,
      `${say('panel.engine.comfyui')} ${version}`,
      ...(device ? [device.name, say('panel.server.free', { memory: formats.gigabytes(device.freeMemory) })] : []),
      ...(queueLength > 0 ? [say('panel.server.queue', { count: queueLength })] : []),
    ].join(' · ');
  }

  /** What to do so that the server can be used. @param obstacle undefined if it doesn't have the model. */
  #obstacle(name: string, obstacle: ObstacleView | undefined): TemplateResult {
    const { say } = this.panel;
    if (!obstacle) return html`<p>${say('panel.server.noModel', { model: this.model ?? '' })}</p>`;
    const { message, missing } = obstacle;
    if (missing.length < 2) return html`<p>${message}</p>`; // it names the file
    return html`<p>${say('panel.server.missing', { name })}</p>
      <ul class="missing">
        ${missing.map((file) => html`<li>${say('panel.server.missingFile', { ...file })}</li>`)}
      </ul>`;
  }
}

function icon(name: string): TemplateResult {
  return html`<span class="codicon codicon-${name}" aria-hidden="true"></span>`;
}

customElements.define('mix-servers', ServerList);
