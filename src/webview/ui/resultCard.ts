import { html, type TemplateResult } from 'lit';
import type { ResultView } from '../../protocol/contract.ts';
import { debounce } from '../model/debounce.ts';
import { iconButton } from './iconButton.ts';
import { PanelElement } from './panelElement.ts';
import './thumbnailView.ts';

/** One result and its actions. */
export class ResultCard extends PanelElement {
  static override properties = {
    result: { attribute: false },
    name: { attribute: false },
    isCompared: { attribute: false },
    confirmation: { state: true },
  };
  declare result: ResultView;
  declare name: string;
  declare isCompared: boolean;
  /** What was just done; shown for a few seconds. */
  declare confirmation: string | undefined;
  readonly #hideConfirmation = debounce(() => {
    this.confirmation = undefined;
  }, 4000);

  override updated(): void {
    this.style.setProperty('--ratio', String(this.result.width / this.result.height));
  }

  override render(): TemplateResult {
    const { say, actions, formats } = this.panel;
    const { id, uri, path, prompt, seed, engine, width, height, createdAt } = this.result;
    const name = this.name;
    const engineName = say(`panel.result.${engine}`);
    return html`
      <div
        class="result-image"
        title=${prompt === '' ? path : `${path}\n${prompt}`}
        draggable="true"
        @click=${() => void actions.openResult(id)}
        @dragstart=${(event: DragEvent) => this.#onDragStart(event)}
      >
        <mix-thumbnail .uri=${uri} .name=${name} .side=${320}></mix-thumbnail>
        <p class="result-confirmation" role="status">${this.confirmation}</p>
      </div>
      ${this.#moreActions()}
      <p class="result-name" title=${path}>${name}</p>
      <p class="result-about">
        <span>${engineName}</span>
        <span>${width} × ${height}</span>
        <span>${formats.moment(createdAt)}</span>
        <span>${say('panel.result.seed', { seed: String(seed) })}</span>
      </p>
      <div class="result-actions">
        ${iconButton('go-to-file', say('panel.result.open', { name }), () => void actions.openResult(id))}
        ${iconButton('folder-opened', say('panel.result.reveal', { name }), () => void actions.revealResult(id))}
        ${iconButton('copy', say('panel.result.copyPath', { name }), () => void actions.copyPath(id))}
        ${iconButton('insert', say('panel.result.use', { name }), () => void actions.useAsSource(id))}
        ${iconButton('history', say('panel.result.reuse', { name }), () => void actions.reuseSettings(id))}
      </div>
    `;
  }

  /** Less frequent actions, shown over the image on hover or focus. */
  #moreActions(): TemplateResult {
    const { say, actions, model } = this.panel;
    const { id } = this.result;
    const { name } = this;
    return html`<div class="result-more ${this.isCompared ? 'is-pinned' : ''}">
      ${iconButton('split-horizontal', say('panel.result.compare', { name }), () => model.toggleCompared(id), {
        pressed: this.isCompared,
      })}
      ${iconButton('clippy', say('panel.result.copyImage', { name }), () => void this.#copy())}
      ${iconButton('link', say('panel.result.insertLink', { name }), () => void this.#link())}
      ${iconButton('trash', say('panel.result.delete', { name }), () => void actions.deleteResult(id), { class: 'result-delete' })}
    </div>`;
  }

  /** A dragged result carries its URI in VS Code's own format, because browsers strip `file:` URIs from the standard one. */
  #onDragStart(event: DragEvent): void {
    if (!event.dataTransfer) return;
    event.dataTransfer.setData('application/vnd.code.uri-list', this.result.uri);
    event.dataTransfer.effectAllowed = 'copy';
  }

  async #copy(): Promise<void> {
    const { say, actions } = this.panel;
    if (await actions.copyToClipboard(this.result.id)) this.#confirm(say('panel.result.imageCopied'));
  }

  async #link(): Promise<void> {
    const { say, actions } = this.panel;
    const file = await actions.insertLink(this.result.id);
    if (file !== undefined) this.#confirm(say('panel.result.linkInserted', { file }));
  }

  #confirm(text: string): void {
    this.confirmation = text;
    this.#hideConfirmation();
  }
}

customElements.define('mix-result', ResultCard);
