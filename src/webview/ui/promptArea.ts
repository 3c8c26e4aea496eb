import { VscodeTextarea } from '@vscode-elements/elements/dist/vscode-textarea/vscode-textarea.js';
import { css, type PropertyValues } from 'lit';

/** A text area that grows with its text and reports its error to assistive technology. */
export class PromptArea extends VscodeTextarea {
  static override styles = [
    VscodeTextarea.styles,
    css`
      :host {
        display: block;
        width: 100%;
      }
      textarea {
        border-radius: var(--radius);
        field-sizing: content;
        font-family: inherit;
        line-height: 1.4;
        max-height: 12lh;
        min-height: calc(var(--lines, 2) * 1lh + 10px);
        padding: 4px 6px;
        resize: none;
      }
      @media (forced-colors: active) {
        textarea:focus {
          outline: 2px solid Highlight;
        }
      }
    `,
  ];
  static override properties = { message: { attribute: false } };
  /** The message about an invalid text. */
  declare message: string | undefined;

  override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.invalid = this.message !== undefined;
  }

  override updated(changed: PropertyValues): void {
    super.updated(changed);
    const area = this.wrappedElement;
    area.ariaInvalid = this.invalid ? 'true' : null;
    if (this.message) area.setAttribute('aria-description', this.message);
    else area.removeAttribute('aria-description');
  }
}

customElements.define('mix-prompt', PromptArea);
