import { html, type TemplateResult } from 'lit';
import { DraftElement } from './draftElement.ts';
import { iconButton } from './iconButton.ts';
import { labeledField } from './labeledField.ts';
import './promptArea.ts';
import type { PromptArea } from './promptArea.ts';

type PromptKey = 'prompt' | 'negativePrompt';

/** The prompt and the negative prompt. */
export class PromptFields extends DraftElement {
  override render(): TemplateResult {
    return html`${this.#area('prompt')}${this.#area('negativePrompt')}`;
  }

  #area(key: PromptKey): TemplateResult {
    const { say, model } = this.panel;
    const error = this.fieldMessage(key);
    const note = this.ignoredNote(key);
    return labeledField(
      say(`panel.${key}`),
      html`<mix-prompt
        class=${key}
        .label=${say(`panel.${key}`)}
        .placeholder=${say(`panel.${key}.placeholder`)}
        .value=${this.draft[key]}
        .message=${error}
        .spellcheck=${true}
        @input=${(event: InputEvent) => this.#onInput(key, event)}
        @keydown=${(event: KeyboardEvent) => this.#onKeyDown(key, event)}
        @focusout=${() => model.endStep()}
      ></mix-prompt>`,
      { error, note, ...(key === 'prompt' ? { action: this.#historyButton() } : {}) },
    );
  }

  #historyButton(): TemplateResult {
    const { say, actions } = this.panel;
    return iconButton('history', say('panel.prompt.earlier'), () => void actions.pickPrompt());
  }

  /** As in a terminal, the up arrow in an empty prompt opens the earlier ones. */
  #onKeyDown(key: PromptKey, event: KeyboardEvent): void {
    if (key !== 'prompt' || event.key !== 'ArrowUp' || this.draft.prompt !== '') return;
    event.preventDefault();
    void this.panel.actions.pickPrompt();
  }

  #onInput(key: PromptKey, event: InputEvent): void {
    const area = event.currentTarget as PromptArea; // the listener is on the area itself
    this.panel.model.edit((draft) => ({ ...draft, [key]: area.wrappedElement.value }), key);
  }
}

customElements.define('mix-prompts', PromptFields);
