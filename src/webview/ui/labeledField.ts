import { html, nothing, type TemplateResult } from 'lit';

/** A control with its visible label above, and its error, warning and note below. */
export function labeledField(
  label: string,
  control: TemplateResult,
  options: {
    error?: string | undefined;
    warning?: string | undefined;
    note?: string | undefined;
    class?: string;
    action?: TemplateResult;
  } = {},
): TemplateResult {
  return html`<div class="field ${options.class ?? ''}">
    <div class="field-head"><span class="field-label" aria-hidden="true">${label}</span>${options.action}</div>
    ${control}
    ${options.error ? html`<p class="field-error">${options.error}</p>` : nothing}
    ${options.warning ? html`<p class="field-warning">${options.warning}</p>` : nothing}
    ${options.note ? html`<p class="field-note">${options.note}</p>` : nothing}
  </div>`;
}
