import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { equalizeWeights, scaleWeights, weightShares } from '../model/draftEdits.ts';
import { cssColorAt } from '../model/palette.ts';
import { namesFromPaths } from '../model/pathNames.ts';
import { FocusKeeper } from './focusKeeper.ts';
import { iconButton } from './iconButton.ts';
import { textButton } from './textButton.ts';
import './imageCard.ts';
import { DraftElement } from './draftElement.ts';

/** The source images with their weights, and the buttons that add more. */
export class ImageList extends DraftElement {
  static override properties = {
    showsColors: { attribute: false },
    canUndo: { attribute: false },
    canRedo: { attribute: false },
  };
  /** Whether each card shows its image's color in the preview. */
  declare showsColors: boolean;
  declare canUndo: boolean;
  declare canRedo: boolean;

  constructor() {
    super();
    new FocusKeeper(this, '.cards > li', '.card-remove', () => this.querySelector('vscode-button'));
  }

  override render(): TemplateResult {
    const { say, model } = this.panel;
    const { images } = this.draft;
    const problem = this.fieldMessage('images');
    return html`
      <header class="section-head">
        <h2>${say('panel.images')}</h2>
        ${
          images.length > 0
            ? html`<span class="count">${say('panel.images.count', { count: images.length, max: this.engine.maxImages })}</span>`
            : nothing
        }
        <span class="section-actions">
          ${iconButton('discard', say('panel.images.undo'), () => model.undo(), { disabled: !this.canUndo })}
          ${iconButton('redo', say('panel.images.redo'), () => model.redo(), { disabled: !this.canRedo })}
          ${images.length > 1 ? this.#weightTools() : nothing}
        </span>
      </header>
      ${problem ? html`<p class="field-error" role="alert">${problem}</p>` : nothing}
      ${
        images.length > 1 && this.engine.ignores.includes('weights')
          ? html`<p class="note"><span class="codicon codicon-info" aria-hidden="true"></span>${say(this.engine.comfyui?.workflow ? 'panel.image.weightsUnbound' : 'panel.image.weightsIgnored')}</p>`
          : nothing
      }
      ${this.#list()} ${this.#addArea()}
    `;
  }

  #weightTools(): TemplateResult {
    const { say, model } = this.panel;
    return html`
      ${iconButton('law', say('panel.images.equalize'), () => model.edit(equalizeWeights))}
      ${iconButton('percentage', say('panel.images.scale'), () => model.edit(scaleWeights))}
    `;
  }

  #list(): TemplateResult {
    const { images } = this.draft;
    const names = namesFromPaths(images.map(({ path }) => path));
    const shares = weightShares(this.draft);
    return html`<ul class="cards" aria-label=${this.panel.say('panel.images')}>
      ${repeat(
        images,
        ({ id }) => id,
        (image, index) => html`<li>
          <mix-image
            .image=${image}
            .name=${names[index] ?? image.path}
            .share=${shares[index] ?? 0}
            .index=${index}
            .color=${this.showsColors ? cssColorAt(index) : undefined}
            .count=${images.length}
            .issue=${this.fieldMessage(`weight:${image.id}`)}
            .problem=${this.fieldMessage(`image:${image.id}`)}
          ></mix-image>
        </li>`,
      )}
    </ul>`;
  }

  #addArea(): TemplateResult {
    const { say, actions } = this.panel;
    const isEmpty = this.draft.images.length === 0;
    return html`<div class="drop-zone ${isEmpty ? 'is-empty' : ''}">
      ${
        isEmpty
          ? html`<span class="codicon codicon-file-media drop-icon" aria-hidden="true"></span>
              <p class="drop-title">${say('panel.images.emptyTitle')}</p>
              <p class="drop-text">${say('panel.images.emptyText')}</p>`
          : nothing
      }
      <div class="buttons">
        ${textButton(say('panel.images.add'), () => void actions.pickImages(), { icon: 'add', secondary: !isEmpty })}
        ${textButton(say('panel.images.addUrl'), () => void actions.askUrl(), { icon: 'link', secondary: true })}
      </div>
      <p class="drop-hint">${say('panel.images.dropHint')}</p>
    </div>`;
  }
}

customElements.define('mix-images', ImageList);
