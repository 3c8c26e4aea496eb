import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';

export interface SelectOption {
  readonly value: string;
  readonly label: string;
  /** A line below the label. */
  readonly note?: string | undefined;
}

/**
 * A native drop-down list, styled like VS Code's, whose options can have a second line. Browsers that can't style one show it on the first.
 * @param options.label its accessible name.
 */
export function selectBox(options: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly SelectOption[];
  readonly disabled?: boolean;
  /** The id of the element that describes it. */
  readonly describedBy?: string;
  readonly onChange: (value: string) => void;
}): TemplateResult {
  const chosen = options.options.find(({ value }) => value === options.value);
  return html`<select
    class="select"
    aria-label=${options.label}
    aria-describedby=${options.describedBy ?? nothing}
    title=${chosen?.label ?? nothing}
    ?disabled=${options.disabled}
    @change=${(event: Event) => {
      if (event.currentTarget instanceof HTMLSelectElement) options.onChange(event.currentTarget.value);
    }}
  >
    <button type="button"><span class="select-value">${chosen?.label}</span></button>
    ${repeat(
      options.options,
      ({ value }) => value,
      ({ value, label, note }) => html`<option value=${value} .selected=${live(value === options.value)}>
        <span>${label}</span>${note ? html`<span class="option-separator"> · </span><span class="option-note">${note}</span>` : nothing}
      </option>`,
    )}
  </select>`;
}
