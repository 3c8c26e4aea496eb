import { html, nothing, type TemplateResult } from 'lit';
import { type ImageTransfer, readDrop, readPaste } from '../imageTransfer.ts';
import './announcer.ts';
import './comfyuiFields.ts';
import { iconButton } from './iconButton.ts';
import './imageList.ts';
import { PanelElement } from './panelElement.ts';
import './livePreview.ts';
import './promptFields.ts';
import './resultList.ts';
import './runBar.ts';
import './settingFields.ts';

/** The whole panel: its layout, and the shortcuts, drops and pastes that work anywhere in it. */
export class PanelApp extends PanelElement {
  static override properties = { isDropTarget: { state: true } };
  declare isDropTarget: boolean;
  #listeners: AbortController | undefined;

  constructor() {
    super();
    this.isDropTarget = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.panel.model.addEventListener('change', () => this.requestUpdate(), { signal });
    document.addEventListener('keydown', (event) => this.#onKeyDown(event), { signal });
    document.addEventListener('paste', (event) => this.#onPaste(event), { signal });
    document.addEventListener('dragover', (event) => this.#onDragOver(event), { signal });
    document.addEventListener('dragleave', (event) => this.#onDragLeave(event), { signal });
    document.addEventListener('drop', (event) => this.#onDrop(event), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listeners?.abort();
  }

  override render(): TemplateResult {
    const { panel } = this;
    const {
      draft,
      engine,
      issues,
      problems,
      jobs,
      previews,
      results,
      compared,
      filter,
      showsCoverage,
      history,
      randomSeed,
    } = panel.model;
    return html`
      <mix-announcer .jobs=${jobs}></mix-announcer>
      <main class="panel">
        <h1 class="visually-hidden">${panel.say('panel.title')}</h1>
        ${this.#messages()}
        <div class="setup">
          <section class="images">
            <mix-images
              .draft=${draft}
              .engine=${engine}
              .issues=${issues}
              .problems=${problems}
              .showsColors=${showsCoverage}
              .canUndo=${history.canUndo}
              .canRedo=${history.canRedo}
            ></mix-images>
          </section>
          <section class="inputs">
            <mix-prompts .draft=${draft} .engine=${engine} .issues=${issues} .problems=${problems}></mix-prompts>
            <mix-comfyui .draft=${draft} .engine=${engine} .issues=${issues} .problems=${problems}></mix-comfyui>
            <mix-settings .draft=${draft} .engine=${engine} .issues=${issues} .problems=${problems}></mix-settings>
          </section>
        </div>
        <div class="output">
          <section class="preview">
            <mix-preview
              .draft=${draft}
              .engine=${engine}
              .seed=${randomSeed}
              .results=${results}
              .compared=${compared}
              .showsCoverage=${showsCoverage}
            ></mix-preview>
          </section>
          <section class="running">
            <mix-run .engine=${engine} .model=${draft.model} .jobs=${jobs} .previews=${previews} @run=${() => void this.#mix()}></mix-run>
          </section>
          <section class="results-section">
            <mix-results .results=${results} .compared=${compared} .filter=${filter}></mix-results>
          </section>
        </div>
      </main>
      ${this.isDropTarget ? html`<div class="drop-cover"><p>${panel.say('panel.images.dropNow')}</p></div>` : nothing}
    `;
  }

  #messages(): TemplateResult | typeof nothing {
    const { model, say } = this.panel;
    if (model.messages.length === 0) return nothing;
    return html`<div class="messages" role="alert">
      ${model.messages.map(
        (message) => html`<p class="message">
          <span class="codicon codicon-error" aria-hidden="true"></span>
          <span class="message-text">${message.text}</span>
          ${iconButton('close', say('panel.message.dismiss'), () => model.dismissMessage(message))}
        </p>`,
      )}
    </div>`;
  }

  async #mix(): Promise<void> {
    const started = await this.panel.actions.mix();
    if (started) return;
    await this.updateComplete;
    requestAnimationFrame(() => this.#showFirstError());
  }

  #showFirstError(): void {
    const target = this.querySelector('[invalid]') ?? this.querySelector('.field-error, .card-warning, .messages');
    if (target instanceof HTMLElement) target.focus();
    target?.scrollIntoView({ block: 'nearest' });
  }

  #onKeyDown(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === 'enter') {
      this.#claim(event);
      if (!event.repeat) void this.#mix(); // holding the key submits once
    } else if (key === 'a' && isTextBox(event)) {
      event.stopPropagation(); // VS Code would select all again a moment later, while the user is already typing
    } else if (key === 'z' || key === 'y') {
      event.stopPropagation(); // VS Code would run its own undo, even in text boxes
      if (isTextBox(event)) return;
      event.preventDefault();
      if (key === 'y' || event.shiftKey) this.panel.model.redo();
      else this.panel.model.undo();
    }
  }

  /** Keeps an event from the browser and from VS Code. */
  #claim(event: Event): void {
    event.preventDefault();
    event.stopPropagation();
  }

  #onPaste(event: ClipboardEvent): void {
    if (!event.clipboardData) return;
    // In a text box the text is pasted. Some programs copy an image of the text as well.
    if (isTextBox(event) && event.clipboardData.types.includes('text/plain')) return;
    this.#importImages(event, readPaste(event.clipboardData));
  }

  #importImages(event: Event, { uris, files, unsupportedNames }: ImageTransfer): void {
    if (uris.length === 0 && files.length === 0 && unsupportedNames.length === 0) return;
    const { actions, model, say } = this.panel;
    this.#claim(event);
    void actions.addUris(uris);
    void actions.addFiles(files);
    if (unsupportedNames.length === 0) return;
    const message = say('panel.images.notImages', { names: unsupportedNames.join(', ') });
    model.reportProblems([{ code: 'unsupported-image', message }]);
  }

  #onDragOver(event: DragEvent): void {
    const types = event.dataTransfer?.types ?? [];
    if (!types.some((type) => type === 'Files' || type.endsWith('uri-list'))) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    this.isDropTarget = true;
  }

  #onDragLeave(event: DragEvent): void {
    if (event.relatedTarget === null) this.isDropTarget = false;
  }

  #onDrop(event: DragEvent): void {
    this.isDropTarget = false;
    if (event.dataTransfer) this.#importImages(event, readDrop(event.dataTransfer));
  }
}

/** Whether an event comes from a text box, even inside a shadow tree. */
function isTextBox(event: Event): boolean {
  const [target] = event.composedPath();
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === 'text');
}

customElements.define('mix-app', PanelApp);
