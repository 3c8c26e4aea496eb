import { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/vscode-textfield.js';
import { css, type PropertyValues } from 'lit';
import { formatNumber, parseNumber, stepNumber } from '../model/typedNumber.ts';

/** The steps of a number field: `step` by the arrow keys, `fineStep` with Shift, ten steps by the page keys. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly fineStep: number;
}

/**
 * A text field that holds a number, to assistive technology a spin button. Unlike a native number field it keeps what is
 * typed wrong. Fires `number-input` with the number or the text as detail.
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
  /** The value shown: a number, text typed wrong, or null for none. */
  declare number: number | string | null;
  declare range: NumberRange;
  /** What is wrong with the value, in words. */
  declare message: string | undefined;
  /** Whether an empty field means null rather than a missing number. */
  declare optional: boolean;

  constructor() {
    super();
    this.number = null;
    this.optional = false;
    this.addEventListener('input', () => this.#typed());
    this.addEventListener('keydown', (event) => this.#pressed(event));
  }

  override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has('number') && this.#read() !== this.number) this.value = formatNumber(this.number);
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

  #read(): number | string | null {
    return this.optional && this.value.trim() === '' ? null : parseNumber(this.value);
  }

  #typed(): void {
    this.value = this.wrappedElement.value;
    this.#tell(this.#read());
  }

  #pressed(event: KeyboardEvent): void {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (steps === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const step = event.shiftKey ? this.range.fineStep : this.range.step;
    // Typed rather than set, so that the text box can undo it.
    this.wrappedElement.select();
    document.execCommand('insertText', false, formatNumber(stepNumber(this.number, steps, { ...this.range, step })));
  }

  #tell(value: number | string | null): void {
    this.number = value; // already so when it comes back from the draft: the text stays as typed
    this.dispatchEvent(new CustomEvent('number-input', { detail: value }));
  }
}

customElements.define('mix-number', NumberField);
