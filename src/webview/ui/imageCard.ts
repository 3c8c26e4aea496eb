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

/** One source image: thumbnail filled to its share, on/off, weight, place in the list, and what is wrong with it. */
export class ImageCard extends PanelElement {
  static override properties = {
    image: { attribute: false },
    name: { attribute: false },
    share: { attribute: false },
    index: { attribute: false },
    colour: { attribute: false },
    count: { attribute: false },
    issue: { attribute: false },
    problem: { attribute: false },
    unreadable: { state: true },
  };
  declare image: DraftImage;
  declare name: string;
  /** The part of the whole, 0 to 1. */
  declare share: number;
  declare index: number;
  /** The colour of its part of the preview, while that is tinted. */
  declare colour: string | undefined;
  declare count: number;
  /** What is wrong with the weight. */
  declare issue: string | undefined;
  /** What the host found wrong with the image. */
  declare problem: string | undefined;
  declare unreadable: string | undefined;

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('image')) this.classList.toggle('is-off', !this.image.enabled);
  }

  override updated(): void {
    this.style.setProperty('--share', String(this.share));
  }

  override render(): TemplateResult {
    const { say } = this.panel;
    const { enabled, weight } = this.image;
    const warning = this.problem ?? this.unreadable;
    return html`
      <div class="card" role="group" aria-label=${this.name} @keydown=${(event: KeyboardEvent) => this.#pressed(event)}>
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
            ${this.#move('arrow-up', say('panel.image.moveUp', { name: this.name }), -1)}
            ${this.#move('arrow-down', say('panel.image.moveDown', { name: this.name }), 1)}
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
            @weight-input=${(event: CustomEvent<number>) => this.#weigh(event.detail)}
            @weight-start=${() => this.panel.model.endStep()}
            @focusout=${() => this.panel.model.endStep()}
          ></mix-weight>
          <mix-number
            class="weight-number"
            .label=${say('panel.image.exactWeight', { name: this.name })}
            .number=${weight}
            .range=${weightRange}
            .message=${this.issue}
            @number-input=${(event: CustomEvent<number | string>) => this.#weigh(event.detail)}
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
      @pointerdown=${(event: PointerEvent) => this.#grab(event)}
    >
      <mix-thumbnail
        .uri=${this.image.uri}
        .name=${''}
        .side=${96}
        @thumbnail-state=${(event: CustomEvent<string | undefined>) => {
          this.unreadable = event.detail;
        }}
      ></mix-thumbnail>
      <span class="fill-rest"></span>
      ${this.colour ? html`<span class="fill-colour" .style=${`background: ${this.colour}`}></span>` : nothing}
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

  #move(icon: string, label: string, by: number): TemplateResult {
    const to = this.index + by;
    const disabled = to < 0 || to >= this.count;
    return iconButton(icon, label, () => this.#moveTo(to), { disabled });
  }

  #pressed(event: KeyboardEvent): void {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by === undefined || !event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#moveTo(this.index + by);
  }

  /** From here to the release the card follows the pointer along the list; the whole way is one step of the history. */
  #grab(event: PointerEvent): void {
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
    root.setPointerCapture(event.pointerId); // the card itself moves in the page, which would let go of the pointer
    root.addEventListener('pointermove', ({ clientY }) => this.#follow(id, clientY), { signal });
    for (const name of ['pointerup', 'pointercancel']) root.addEventListener(name, release, { signal });
    model.endStep();
    this.classList.add('is-dragged');
  }

  #follow(id: string, y: number): void {
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

  #weigh(weight: number | string): void {
    this.panel.model.edit((draft) => changeImage(draft, this.image.id, { weight }), `weight:${this.image.id}`);
  }

  #change(patch: Partial<DraftImage>): void {
    this.panel.model.edit((draft) => changeImage(draft, this.image.id, patch));
  }
}

customElements.define('mix-image', ImageCard);
