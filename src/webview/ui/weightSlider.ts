import { html, type TemplateResult } from 'lit';
import { limits } from '../../mix/limits.ts';
import { defaultWeight } from '../model/draftEdits.ts';
import { roundTo, stepNumber } from '../model/typedNumber.ts';
import type { NumberRange } from './numberField.ts';
import { PanelElement } from './panelElement.ts';

/** The range of a weight, with its step and its step with Shift. */
export const weightRange: NumberRange = { ...limits.weight, step: 0.05, fineStep: 0.01 };

/** A slider for a weight. Fires `weight-start` when the mouse presses it, and `weight-input` with the weight as detail on every change. */
export class WeightSlider extends PanelElement {
  static override properties = {
    weight: { attribute: false },
    range: { attribute: false },
    initial: { attribute: false },
    label: { attribute: false },
    valueText: { attribute: false },
    tip: { attribute: false },
  };
  declare weight: number;
  /** That of an image's weight by default. */
  declare range: NumberRange;
  /** The weight that a double-click restores. */
  declare initial: number;
  declare label: string;
  /** The value as screen readers announce it. */
  declare valueText: string;
  declare tip: string;
  #isDragged = false;
  #isFine = false;

  constructor() {
    super();
    this.range = weightRange;
    this.initial = defaultWeight;
  }

  override render(): TemplateResult {
    const { min, max, fineStep } = this.range;
    return html`<input
      type="range"
      class="slider"
      min=${min}
      max=${max}
      step=${fineStep}
      .value=${String(this.weight)}
      aria-label=${this.label}
      aria-valuetext=${this.valueText}
      title=${this.tip}
      @pointerdown=${(event: PointerEvent) => this.#startDrag(event)}
      @pointermove=${(event: PointerEvent) => {
        this.#isFine = event.shiftKey;
      }}
      @pointerup=${() => this.#endDrag()}
      @pointercancel=${() => this.#endDrag()}
      @input=${(event: InputEvent) => this.#onInput(event)}
      @mousedown=${(event: MouseEvent) => this.#onMouseDown(event)}
      @keydown=${(event: KeyboardEvent) => this.#onKeyDown(event)}
      @dblclick=${() => this.#reset()}
    />`;
  }

  override updated(): void {
    const { min, max } = this.range;
    this.style.setProperty('--fill', `${((this.weight - min) / (max - min)) * 100}%`);
  }

  #startDrag(event: PointerEvent): void {
    this.#isDragged = true;
    this.#isFine = event.shiftKey;
  }

  /** The second press of a double-click belongs to the same gesture. */
  #onMouseDown(event: MouseEvent): void {
    if (event.detail === 1) this.#emit('weight-start', undefined);
  }

  #endDrag(): void {
    this.#isDragged = false;
  }

  #onInput(event: InputEvent): void {
    const input = event.currentTarget as HTMLInputElement; // the listener is on the input itself
    const step = this.#isDragged && !this.#isFine ? this.range.step : this.range.fineStep;
    const weight = roundTo(input.valueAsNumber, step);
    input.value = String(weight); // moves the thumb to the rounded weight even if the weight hasn't changed
    this.#emit('weight-input', weight);
  }

  #onKeyDown(event: KeyboardEvent): void {
    const forward = getComputedStyle(this).direction === 'rtl' ? -1 : 1;
    const steps = {
      ArrowUp: 1,
      ArrowDown: -1,
      ArrowRight: forward,
      ArrowLeft: -forward,
      PageUp: 4,
      PageDown: -4,
    }[event.key];
    if (steps === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const step = event.shiftKey ? this.range.fineStep : this.range.step;
    this.#emit('weight-input', stepNumber(this.weight, steps, { ...this.range, step }));
  }

  #reset(): void {
    this.#emit('weight-input', this.initial);
  }

  #emit(name: 'weight-input' | 'weight-start', detail: number | undefined): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define('mix-weight', WeightSlider);
