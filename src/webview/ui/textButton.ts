import '@vscode-elements/elements/dist/vscode-button/vscode-button.js';
import { html, nothing, type TemplateResult } from 'lit';

/** A button with a label and optionally a codicon before it. `name` overrides the accessible name. */
export function textButton(
  label: string,
  onClick: () => void,
  options: { icon?: string; secondary?: boolean; title?: string; name?: string } = {},
): TemplateResult {
  return html`<vscode-button
    ?secondary=${options.secondary}
    title=${options.title ?? nothing}
    aria-label=${options.name ?? nothing}
    @click=${onClick}
    >${
      options.icon
        ? html`<span slot="content-before" class="codicon codicon-${options.icon}" aria-hidden="true"></span>`
        : nothing
    }${label}</vscode-button
  >`;
}
