import { html, type TemplateResult } from 'lit';
import { limits, type UnusedPart } from '../../mix/limits.ts';
import { type AspectRatio, aspectRatios, sizeForRatio, validSide } from '../model/aspectRatios.ts';
import { sideRange } from '../model/draftIssues.ts';
import { iconButton } from './iconButton.ts';
import './imageSizes.ts';
import { labeledField } from './labeledField.ts';
import './numberField.ts';
import { DraftElement } from './draftElement.ts';
import type { NumberRange } from './numberField.ts';

type NumberKey = 'width' | 'height' | 'steps' | 'guidanceScale' | 'seed' | 'samples';

const ranges: Readonly<Record<Exclude<NumberKey, 'width' | 'height'>, NumberRange>> = {
  steps: { ...limits.steps, step: 1, fineStep: 1 },
  guidanceScale: { ...limits.guidanceScale, step: 0.5, fineStep: 0.1 },
  seed: { ...limits.seed, step: 1, fineStep: 1 },
  samples: { ...limits.samples, step: 1, fineStep: 1 },
};

/** The part of a mix that a field is about; undefined for one that every engine uses. */
function partOf(key: NumberKey): UnusedPart | undefined {
  switch (key) {
    case 'width':
    case 'height':
      return 'size';
    case 'samples':
      return undefined;
    default:
      return key;
  }
}

/** Size, steps, guidance scale, seed and samples. */
export class SettingFields extends DraftElement {
  override render(): TemplateResult {
    const { say } = this.panel;
    const swap = iconButton('arrow-swap', say('panel.size.swap'), () => this.#swap());
    return html`
      <div class="ratios" role="group" aria-label=${say('panel.size')}>${aspectRatios.map((ratio) => this.#ratio(ratio))}</div>
      <mix-image-sizes .draft=${this.draft} .engine=${this.engine}></mix-image-sizes>
      <div class="size-fields">${this.#number('width')}${swap}${this.#number('height')}</div>
      <div class="setting-fields">
        ${this.#number('steps')}${this.#number('guidanceScale')}${this.#number('samples')}${this.#seed()}
      </div>
    `;
  }

  #ratio(ratio: AspectRatio): TemplateResult {
    const { width, height } = this.draft;
    const [w, h] = [validSide(width, this.engine), validSide(height, this.engine)];
    const size = sizeForRatio(ratio, Math.max(w ?? 0, h ?? 0) || 768);
    const isChosen = w === size.width && h === size.height;
    const label = this.panel.say('panel.size.ratio', { ratio: ratio.name });
    return html`<button
      type="button"
      class="ratio ratio-${ratio.width}-${ratio.height}"
      aria-pressed=${String(isChosen)}
      aria-label=${label}
      title=${`${label} (${size.width} × ${size.height})`}
      @click=${() => this.panel.model.edit((draft) => ({ ...draft, ...size }))}
    >
      <span class="ratio-shape" aria-hidden="true"></span>${ratio.name}
    </button>`;
  }

  #swap(): void {
    this.panel.model.edit((draft) => ({ ...draft, width: draft.height, height: draft.width }));
  }

  #number(key: NumberKey): TemplateResult {
    const { say } = this.panel;
    const note = this.#noteOf(key);
    const value = this.draft[key];
    const isMany = key === 'steps' && note === undefined && typeof value === 'number' && value > limits.steps.max;
    return labeledField(say(`panel.${key}`), this.#input(key), {
      error: this.fieldMessage(key),
      warning: isMany ? say('panel.warning.steps', { max: limits.steps.max }) : undefined,
      note,
    });
  }

  #noteOf(key: NumberKey): string | undefined {
    const part = partOf(key);
    return part && this.ignoredNote(part);
  }

  #seed(): TemplateResult {
    const { say, actions, model } = this.panel;
    const isLocked = this.draft.seed !== null;
    const lock = iconButton(
      isLocked ? 'lock' : 'unlock',
      say('panel.seed.lock'),
      () => (isLocked ? model.edit((draft) => ({ ...draft, seed: null })) : actions.lockSeed()),
      { pressed: isLocked, tip: say(isLocked ? 'panel.seed.lockTip' : 'panel.seed.unlockTip') },
    );
    const draw = iconButton('refresh', say('panel.seed.new'), () => actions.newSeed());
    return labeledField(say('panel.seed'), html`<span class="seed">${this.#input('seed')}${draw}${lock}</span>`, {
      error: this.fieldMessage('seed'),
      note: this.ignoredNote('seed'),
      class: 'seed-field',
    });
  }

  #range(key: NumberKey): NumberRange {
    if (key !== 'width' && key !== 'height') return ranges[key];
    return { ...sideRange(this.engine), step: 64, fineStep: 1 };
  }

  #input(key: NumberKey): TemplateResult {
    const { say, model } = this.panel;
    return html`<mix-number
      class=${key}
      .label=${say(`panel.${key}`)}
      .number=${this.draft[key]}
      .range=${this.#range(key)}
      .message=${this.fieldMessage(key)}
      .optional=${key === 'seed'}
      .placeholder=${key === 'seed' ? say('panel.seed.random') : undefined}
      @number-input=${(event: CustomEvent<number | string>) =>
        model.edit((draft) => ({ ...draft, [key]: event.detail }), key)}
      @focusout=${() => model.endStep()}
    ></mix-number>`;
  }
}

customElements.define('mix-settings', SettingFields);
