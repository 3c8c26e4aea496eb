import { html, type TemplateResult } from 'lit';
import { limits } from '../../mix/limits.ts';
import { defaultWeight } from '../model/draftEdits.ts';
import { roundTo, stepNumber } from '../model/typedNumber.ts';
import { PanelElement } from './panelElement.ts';

/** The steps of a weight: coarse by hand, fine with Shift. */
export const weightRange = { ...limits.weight, step: 0.05, fineStep: 0.01 };

/** A slider for a weight. Fires `weight-start` when the mouse takes it and `weight-input` with the weight while it moves. */
export class WeightSlider extends PanelElement {
  static override properties = {
    weight: { attribute: false },
    label: { attribute: false },
    valueText: { attribute: false },
    tip: { attribute: false },
  };
  /** 0 to 1. */
  declare weight: number;
  declare label: string;
  /** The value as people hear it. */
  declare valueText: string;
  declare tip: string;
  #isDragged = false;
  #isFine = false;

  override render(): TemplateResult {
    const { min, max, fineStep } = weightRange;
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
      @pointerdown=${(event: PointerEvent) => this.#grab(event)}
      @pointermove=${(event: PointerEvent) => {
        this.#isFine = event.shiftKey;
      }}
      @pointerup=${() => this.#release()}
      @pointercancel=${() => this.#release()}
      @input=${(event: InputEvent) => this.#moved(event)}
      @mousedown=${(event: MouseEvent) => this.#started(event)}
      @keydown=${(event: KeyboardEvent) => this.#pressed(event)}
      @dblclick=${() => this.#reset()}
    />`;
  }

  override updated(): void {
    const { min, max } = weightRange;
    this.style.setProperty('--fill', `${((this.weight - min) / (max - min)) * 100}%`);
  }

  #grab(event: PointerEvent): void {
    this.#isDragged = true;
    this.#isFine = event.shiftKey;
  }

  /** A double click is one gesture: its second press starts nothing new. */
  #started(event: MouseEvent): void {
    if (event.detail === 1) this.#tell('weight-start', undefined);
  }

  #release(): void {
    this.#isDragged = false;
  }

  #moved(event: InputEvent): void {
    const input = event.currentTarget as HTMLInputElement; // the listener sits on the input itself
    const step = this.#isDragged && !this.#isFine ? weightRange.step : weightRange.fineStep;
    const weight = roundTo(input.valueAsNumber, step);
    input.value = String(weight); // the thumb rests where the weight is, also where the weight did not change
    this.#tell('weight-input', weight);
  }

  #pressed(event: KeyboardEvent): void {
    const rightToLeft = getComputedStyle(this).direction === 'rtl' ? -1 : 1;
    const steps = {
      ArrowUp: 1,
      ArrowDown: -1,
      ArrowRight: rightToLeft,
      ArrowLeft: -rightToLeft,
      PageUp: 4,
      PageDown: -4,
    }[event.key];
    if (steps === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const step = event.shiftKey ? weightRange.fineStep : weightRange.step;
    this.#tell('weight-input', stepNumber(this.weight, steps, { ...weightRange, step }));
  }

  #reset(): void {
    this.#tell('weight-input', defaultWeight);
  }

  #tell(name: 'weight-input' | 'weight-start', detail: number | undefined): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define('mix-weight', WeightSlider);
