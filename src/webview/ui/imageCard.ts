import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { DraftImage } from '../../mix/draft.ts';
import { changeImage, moveImage, removeImage, validWeight } from '../model/draftEdits.ts';
import { formatNumber } from '../model/typedNumber.ts';
import { iconButton } from './iconButton.ts';
import './numberField.ts';
import { PanelElement } from './panelElement.ts';
import './thumbnailView.ts';
import './weightSlider.ts';
import { weightRange } from './weightSlider.ts';

/** One source image: its thumbnail with its share of the mix, on/off, weight, position in the list, and problems. */
export class ImageCard extends PanelElement {
  static override properties = {
    image: { attribute: false },
    name: { attribute: false },
    share: { attribute: false },
    index: { attribute: false },
    color: { attribute: false },
    count: { attribute: false },
    issue: { attribute: false },
    problem: { attribute: false },
    imageMessage: { state: true },
  };
  declare image: DraftImage;
  declare name: string;
  /** The image's share of the mix, 0 to 1. */
  declare share: number;
  declare index: number;
  /** The image's color in the preview, if the preview shows which image lands where. */
  declare color: string | undefined;
  declare count: number;
  /** The message about the weight. */
  declare issue: string | undefined;
  /** The message about the image. */
  declare problem: string | undefined;
  /** Why the image can't be shown, or what of it. */
  declare imageMessage: string | undefined;

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('image')) this.classList.toggle('is-off', !this.image.enabled);
  }

  override updated(): void {
    this.style.setProperty('--share', String(this.share));
  }

  override render(): TemplateResult {
    const { say } = this.panel;
    const { enabled, weight } = this.image;
    const warning = this.problem ?? this.imageMessage;
    return html`
      <div class="card" role="group" aria-label=${this.name} @keydown=${(event: KeyboardEvent) => this.#onKeyDown(event)}>
        ${this.#thumbnail()}
        <div class="card-head">
          <input
            type="checkbox"
            class="checkbox"
            aria-label=${say('panel.image.use', { name: this.name })}
            title=${say('panel.image.use', { name: this.name })}
            .checked=${enabled}
            @change=${() => this.#change({ enabled: !enabled })}
          />
          <span class="card-name" title=${this.image.path}>${this.name}</span>
          <span class="card-actions">
            ${this.#moveButton('arrow-up', say('panel.image.moveUp', { name: this.name }), -1)}
            ${this.#moveButton('arrow-down', say('panel.image.moveDown', { name: this.name }), 1)}
            ${iconButton('arrow-swap', say('panel.image.replace', { name: this.name }), () => void this.panel.actions.replaceImage(this.image.id))}
            ${iconButton('close', say('panel.image.remove', { name: this.name }), () => this.#remove(), {
              class: 'card-remove',
            })}
          </span>
        </div>
        <div class="card-weight">
          <mix-weight
            .weight=${validWeight(weight) ?? 0}
            .label=${say('panel.image.weight', { name: this.name })}
            .valueText=${this.#valueText()}
            .tip=${say('panel.image.sliderTip')}
            @weight-input=${(event: CustomEvent<number>) => this.#setWeight(event.detail)}
            @weight-start=${() => this.panel.model.endStep()}
            @focusout=${() => this.panel.model.endStep()}
          ></mix-weight>
          <mix-number
            class="weight-number"
            .label=${say('panel.image.exactWeight', { name: this.name })}
            .number=${weight}
            .range=${weightRange}
            .message=${this.issue}
            @number-input=${(event: CustomEvent<number | string>) => this.#setWeight(event.detail)}
            @focusout=${() => this.panel.model.endStep()}
          ></mix-number>
        </div>
        ${this.issue ? html`<p class="field-error">${this.issue}</p>` : nothing}
        ${
          warning
            ? html`<p class="card-warning"><span class="codicon codicon-warning" aria-hidden="true"></span>${warning}</p>`
            : nothing
        }
      </div>
    `;
  }

  #thumbnail(): TemplateResult {
    const { say, formats } = this.panel;
    return html`<div
      class="fill-thumbnail"
      aria-hidden="true"
      title=${say('panel.image.dragTip')}
      @pointerdown=${(event: PointerEvent) => this.#startDrag(event)}
    >
      <mix-thumbnail
        .uri=${this.image.uri}
        .name=${''}
        .side=${96}
        @thumbnail-state=${(event: CustomEvent<string | undefined>) => {
          this.imageMessage = event.detail;
        }}
      ></mix-thumbnail>
      <span class="fill-rest"></span>
      ${this.color ? html`<span class="fill-color" .style=${`background: ${this.color}`}></span>` : nothing}
      <span class="fill-share">${this.image.enabled ? formats.percent(this.share) : say('panel.image.offLabel')}</span>
    </div>`;
  }

  #valueText(): string {
    const { say, formats } = this.panel;
    const weight = formatNumber(this.image.weight);
    return this.image.enabled
      ? say('panel.image.share', { weight, share: formats.percent(this.share) })
      : say('panel.image.off', { weight });
  }

  #moveButton(icon: string, label: string, by: number): TemplateResult {
    const to = this.index + by;
    const disabled = to < 0 || to >= this.count;
    return iconButton(icon, label, () => this.#moveTo(to), { disabled });
  }

  #onKeyDown(event: KeyboardEvent): void {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by === undefined || !event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#moveTo(this.index + by);
  }

  /** Lets the card follow the pointer along the list until it's released. The whole drag is one undo step. */
  #startDrag(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    const { model } = this.panel;
    const { id } = this.image;
    const end = new AbortController();
    const { signal } = end;
    const release = () => {
      end.abort();
      model.endStep();
      this.classList.remove('is-dragged');
    };
    const root = document.documentElement;
    root.setPointerCapture(event.pointerId); // not on the card, which would lose the capture when it moves in the page
    root.addEventListener('pointermove', ({ clientY }) => this.#dragTo(id, clientY), { signal });
    for (const name of ['pointerup', 'pointercancel']) root.addEventListener(name, release, { signal });
    model.endStep();
    this.classList.add('is-dragged');
  }

  #dragTo(id: string, y: number): void {
    const others = [...(this.closest('ul')?.children ?? [])].filter((item) => !item.contains(this));
    const to = others.filter((item) => {
      const { top, height } = item.getBoundingClientRect();
      return top + height / 2 < y;
    }).length;
    this.panel.model.edit((draft) => moveImage(draft, id, to), `move:${id}`);
  }

  #moveTo(to: number): void {
    this.panel.model.edit((draft) => moveImage(draft, this.image.id, to));
  }

  #remove(): void {
    this.panel.model.edit((draft) => removeImage(draft, this.image.id));
  }

  #setWeight(weight: number | string): void {
    this.panel.model.edit((draft) => changeImage(draft, this.image.id, { weight }), `weight:${this.image.id}`);
  }

  #change(patch: Partial<DraftImage>): void {
    this.panel.model.edit((draft) => changeImage(draft, this.image.id, patch));
  }
}

customElements.define('mix-image', ImageCard);
