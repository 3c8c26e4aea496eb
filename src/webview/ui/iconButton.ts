import { html, type TemplateResult } from 'lit';

/** A button that shows a codicon only; its label is its name and its tooltip. */
export function iconButton(
  icon: string,
  label: string,
  act: (event: MouseEvent) => void,
  options: { disabled?: boolean; pressed?: boolean; tip?: string; class?: string } = {},
): TemplateResult {
  return html`<button
    type="button"
    class="icon-button codicon codicon-${icon} ${options.class ?? ''}"
    aria-label=${label}
    title=${options.tip ?? label}
    aria-pressed=${options.pressed === undefined ? null : String(options.pressed)}
    aria-disabled=${options.disabled ? 'true' : null}
    @click=${(event: MouseEvent) => {
      if (!options.disabled) act(event);
    }}
  ></button>`;
}
