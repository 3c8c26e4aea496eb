import { html, type TemplateResult } from 'lit';

/** A button with a codicon. The label is its accessible name and, unless `tip` is given, its tooltip. */
export function iconButton(
  icon: string,
  label: string,
  onClick: (event: MouseEvent) => void,
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
      if (!options.disabled) onClick(event);
    }}
  ></button>`;
}
