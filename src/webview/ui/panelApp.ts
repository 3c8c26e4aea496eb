import { html, nothing, type TemplateResult } from 'lit';
import { type ImageTransfer, readDrop, readPaste } from '../imageTransfer.ts';
import './announcer.ts';
import { iconButton } from './iconButton.ts';
import './imageList.ts';
import { PanelElement } from './panelElement.ts';
import './livePreview.ts';
import './promptFields.ts';
import './resultList.ts';
import './runBar.ts';
import './settingFields.ts';

/** The whole panel: lays out its parts, and takes what belongs to none of them: keys, drops and pastes. */
export class PanelApp extends PanelElement {
  static override properties = { isDropTarget: { state: true } };
  declare isDropTarget: boolean;
  #listening: AbortController | undefined;

  constructor() {
    super();
    this.isDropTarget = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.panel.model.addEventListener('change', () => this.requestUpdate(), { signal });
    document.addEventListener('keydown', (event) => this.#pressed(event), { signal });
    document.addEventListener('paste', (event) => this.#pasted(event), { signal });
    document.addEventListener('dragover', (event) => this.#draggedOver(event), { signal });
    document.addEventListener('dragleave', (event) => this.#draggedOut(event), { signal });
    document.addEventListener('drop', (event) => this.#dropped(event), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening?.abort();
  }

  override render(): TemplateResult {
    const { panel } = this;
    const { draft, engine, issues, problems, jobs, results, compared, filter, showsCoverage, history, randomSeed } =
      panel.model;
    return html`
      <mix-announcer .jobs=${jobs}></mix-announcer>
      <main class="panel">
        <h1 class="for-listeners">${panel.say('panel.title')}</h1>
        ${this.#messages()}
        <div class="making">
          <section class="images">
            <mix-images
              .draft=${draft}
              .engine=${engine}
              .issues=${issues}
              .problems=${problems}
              .showsColours=${showsCoverage}
              .canUndo=${history.canUndo}
              .canRedo=${history.canRedo}
            ></mix-images>
          </section>
          <section class="inputs">
            <mix-prompts .draft=${draft} .engine=${engine} .issues=${issues} .problems=${problems}></mix-prompts>
            <mix-settings .draft=${draft} .engine=${engine} .issues=${issues} .problems=${problems}></mix-settings>
          </section>
        </div>
        <div class="made">
          <section class="preview">
            <mix-preview
              .draft=${draft}
              .engine=${engine}
              .seed=${randomSeed}
              .results=${results}
              .compared=${compared}
              .isTinted=${showsCoverage}
            ></mix-preview>
          </section>
          <section class="running">
            <mix-run .engine=${engine} .jobs=${jobs} @run=${() => void this.#mix()}></mix-run>
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
    const wrong = this.querySelector('[invalid]') ?? this.querySelector('.field-error, .card-warning, .messages');
    if (wrong instanceof HTMLElement) wrong.focus();
    wrong?.scrollIntoView({ block: 'nearest' });
  }

  #pressed(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === 'enter') {
      this.#take(event);
      if (!event.repeat) void this.#mix(); // a key held too long orders nothing twice
    } else if (key === 'a' && isTextBox(event)) {
      event.stopPropagation(); // VS Code would select all once more, some time later, under the hands of who types on
    } else if (key === 'z' || key === 'y') {
      event.stopPropagation(); // VS Code would take these away from text boxes too
      if (isTextBox(event)) return;
      event.preventDefault();
      if (key === 'y' || event.shiftKey) this.panel.model.redo();
      else this.panel.model.undo();
    }
  }

  #take(event: Event): void {
    event.preventDefault();
    event.stopPropagation();
  }

  #pasted(event: ClipboardEvent): void {
    if (!event.clipboardData) return;
    // Where text is typed, text is meant: programs put a picture of it beside it.
    if (isTextBox(event) && event.clipboardData.types.includes('text/plain')) return;
    this.#takeIn(event, readPaste(event.clipboardData));
  }

  #takeIn(event: Event, { uris, files: pictures, unsupportedNames: others }: ImageTransfer): void {
    if (uris.length === 0 && pictures.length === 0 && others.length === 0) return;
    const { actions, model, say } = this.panel;
    this.#take(event);
    void actions.addUris(uris);
    void actions.addFiles(pictures);
    if (others.length === 0) return;
    const message = say('panel.images.notImages', { names: others.join(', ') });
    model.reportProblems([{ code: 'unsupported-image', message }]);
  }

  #draggedOver(event: DragEvent): void {
    const types = event.dataTransfer?.types ?? [];
    if (!types.some((type) => type === 'Files' || type.endsWith('uri-list'))) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    this.isDropTarget = true;
  }

  #draggedOut(event: DragEvent): void {
    if (event.relatedTarget === null) this.isDropTarget = false;
  }

  #dropped(event: DragEvent): void {
    this.isDropTarget = false;
    if (event.dataTransfer) this.#takeIn(event, readDrop(event.dataTransfer));
  }
}

/** Whether an event comes from where text is typed, also inside a shadow tree. */
function isTextBox(event: Event): boolean {
  const [target] = event.composedPath();
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === 'text');
}

customElements.define('mix-app', PanelApp);
