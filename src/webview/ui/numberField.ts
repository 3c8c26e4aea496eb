import { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/vscode-textfield.js';
import { css, type PropertyValues } from 'lit';
import { formatNumber, parseNumber, stepNumber } from '../model/typedNumber.ts';

/** The range of a number field. The arrow keys change it by `step`, or by `fineStep` with Shift; the page keys by ten steps. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly fineStep: number;
}

/**
 * A text field for a number, which assistive technology sees as a spin button. Unlike a native number input it keeps invalid
 * text. Fires `number-input` with the number or the text as detail.
 */
export class NumberField extends VscodeTextfield {
  static override styles = [
    VscodeTextfield.styles,
    css`
      :host {
        width: 100%;
      }
      :host([invalid]) .root {
        border-color: var(--vscode-inputValidation-errorBorder);
      }
      input,
      .root {
        border-radius: var(--radius);
      }
      @media (forced-colors: active) {
        :host([focused]) .root {
          outline: 2px solid Highlight;
        }
      }
    `,
  ];
  static override properties = {
    number: { attribute: false },
    range: { attribute: false },
    message: { attribute: false },
    optional: { attribute: false },
  };
  /** The value: a number, invalid text as typed, or null for none. */
  declare number: number | string | null;
  declare range: NumberRange;
  /** The message about an invalid value. */
  declare message: string | undefined;
  /** Whether the field may be empty, which means null. */
  declare optional: boolean;

  constructor() {
    super();
    this.number = null;
    this.optional = false;
    this.addEventListener('input', () => this.#onInput());
    this.addEventListener('keydown', (event) => this.#onKeyDown(event));
  }

  override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has('number') && this.#parse() !== this.number) this.value = formatNumber(this.number);
    this.invalid = this.message !== undefined;
  }

  override updated(changed: PropertyValues): void {
    super.updated(changed);
    const input = this.wrappedElement;
    input.setAttribute('role', 'spinbutton');
    input.inputMode = 'decimal';
    input.ariaValueMin = String(this.range.min);
    input.ariaValueMax = String(this.range.max);
    input.ariaValueNow = typeof this.number === 'number' ? String(this.number) : null;
    input.ariaValueText = this.value || (this.placeholder ?? null);
    input.ariaInvalid = this.invalid ? 'true' : null;
    if (this.message) input.setAttribute('aria-description', this.message);
    else input.removeAttribute('aria-description');
  }

  #parse(): number | string | null {
    return this.optional && this.value.trim() === '' ? null : parseNumber(this.value);
  }

  #onInput(): void {
    this.value = this.wrappedElement.value;
    this.#emit(this.#parse());
  }

  #onKeyDown(event: KeyboardEvent): void {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (steps === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const step = event.shiftKey ? this.range.fineStep : this.range.step;
    // Inserted as if typed, so that the text box can undo it.
    this.wrappedElement.select();
    document.execCommand('insertText', false, formatNumber(stepNumber(this.number, steps, { ...this.range, step })));
  }

  #emit(value: number | string | null): void {
    this.number = value; // set before the draft returns it, so that the text stays as typed
    this.dispatchEvent(new CustomEvent('number-input', { detail: value }));
  }
}

customElements.define('mix-number', NumberField);
