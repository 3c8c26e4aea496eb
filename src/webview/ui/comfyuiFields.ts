import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { imageStrengthRange, type UnusedPart, usualImageStrength } from '../../mix/limits.ts';
import type { ComfyuiView, MissingModelView, ModelView } from '../../protocol/serverContract.ts';
import { automaticModel, modelInUse, modelsOf, presetsFor, readyServers, takesPreset } from '../model/serverChoices.ts';
import { DraftElement } from './draftElement.ts';
import { labeledField } from './labeledField.ts';
import './numberField.ts';
import { type SelectOption, selectBox } from './selectBox.ts';
import './weightSlider.ts';

const strengthRange = { ...imageStrengthRange, step: 0.05, fineStep: 0.01 };
/** The names of the fields whose values a workflow can leave out. */
const partLabels = {
  prompt: 'panel.prompt',
  negativePrompt: 'panel.negativePrompt',
  steps: 'panel.steps',
  guidanceScale: 'panel.guidanceScale',
  seed: 'panel.seed',
  size: 'panel.size',
} as const satisfies Partial<Record<UnusedPart, string>>;

/** How a mix on ComfyUI servers is made: the model, the preset and the image strength, or the user's own workflow. */
export class ComfyuiFields extends DraftElement {
  static override properties = { ...DraftElement.properties, strength: { state: true } };
  /** The image strength that isn't in the settings yet. */
  declare strength: number | string | undefined;

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('engine') && this.engine.comfyui?.imageStrength === this.strength) this.strength = undefined;
  }

  override render(): TemplateResult | typeof nothing {
    const { comfyui } = this.engine;
    if (!comfyui) return nothing;
    return comfyui.workflow
      ? html`${this.#workflow(comfyui.workflow)}${this.engine.ignores.includes('weights') ? nothing : this.#strength(comfyui)}`
      : html`<div class="model-fields">${this.#model()}${this.#preset(comfyui)}</div>${this.#strength(comfyui)}`;
  }

  #workflow({ name, problem, ignores }: NonNullable<ComfyuiView['workflow']>): TemplateResult {
    const { say } = this.panel;
    const parts = Object.entries(partLabels).flatMap(([part, label]) =>
      ignores.some((ignored) => ignored === part) ? say(label) : [],
    );
    const note = [
      say('panel.workflow.note'),
      ...(parts.length > 0 ? [say('panel.workflow.ignores', { parts: parts.join(', ') })] : []),
    ].join(' ');
    return labeledField(say('panel.workflow'), html`<p class="workflow-name">${name}</p>`, {
      error: problem ?? undefined,
      note: problem === null ? note : undefined,
    });
  }

  #model(): TemplateResult {
    const { say, model } = this.panel;
    const servers = readyServers(this.engine);
    const models = modelsOf(servers);
    const wanted = this.draft.model;
    const found = wanted === null ? undefined : modelInUse(servers, wanted);
    const name = automaticModel(servers);
    const options: SelectOption[] = [
      {
        value: '',
        label: name === undefined ? say('panel.model.automatic') : say('panel.model.automaticNamed', { name }),
      },
      ...models.map((one) => ({ value: one.name, label: one.name, note: this.#modelNote(one) })),
    ];
    if (wanted !== null && !found) {
      options.push({
        value: wanted,
        label: wanted,
        note: servers.length > 0 ? say('panel.model.notThere') : undefined,
      });
    }
    return labeledField(
      say('panel.model'),
      selectBox({
        label: say('panel.model'),
        value: found?.name ?? wanted ?? '',
        options,
        onChange: (value) => model.edit((draft) => ({ ...draft, model: value === '' ? null : value })),
      }),
      { error: this.fieldMessage('model') },
    );
  }

  #modelNote({ family, obstacle }: ModelView): string | undefined {
    const { say } = this.panel;
    if (family === 'other') return say('panel.model.unusable');
    const name = family === 'unknown' ? [] : [familyNames[family]];
    const lacks = obstacle && obstacle.missing.length > 0 ? [this.#lacks(obstacle.missing)] : [];
    return [...name, ...lacks].join(' · ') || undefined;
  }

  #preset({ preset }: ComfyuiView): TemplateResult {
    const { say } = this.panel;
    const servers = readyServers(this.engine);
    const model = modelInUse(servers, this.draft.model);
    const presets = presetsFor(servers, model);
    const options: SelectOption[] = presets.map(({ name, missing }) => ({
      value: name,
      label: name,
      note: missing.length > 0 ? this.#lacks(missing) : undefined,
    }));
    if (!presets.some(({ name }) => name === preset)) {
      options.push({
        value: preset,
        label: preset,
        note: presets.length > 0 ? say('panel.model.notThere') : undefined,
      });
    }
    return labeledField(
      say('panel.preset'),
      selectBox({
        label: say('panel.preset'),
        value: preset,
        options,
        onChange: (value) => void this.#changePreset(value),
      }),
      { note: takesPreset(model) ? undefined : say('panel.ignored.model') },
    );
  }

  #lacks(missing: readonly MissingModelView[]): string {
    return this.panel.say('panel.model.lacks', { files: missing.map(({ file }) => file).join(', ') });
  }

  #strength({ imageStrength }: ComfyuiView): TemplateResult {
    const { say, formats, actions } = this.panel;
    const label = say('panel.imageStrength');
    const value = this.strength ?? imageStrength;
    const isValid = isStrength(value);
    const { min, max } = imageStrengthRange;
    const error = isValid ? undefined : say('panel.issue.number', { min, max });
    const onInput = (event: CustomEvent<number | string>) => {
      this.strength = event.detail;
      if (isStrength(event.detail)) actions.changeSettingSoon({ name: 'comfyui.imageStrength', value: event.detail });
    };
    return labeledField(
      label,
      html`<div class="strength">
        <mix-weight
          .range=${strengthRange}
          .initial=${usualImageStrength}
          .weight=${isValid ? value : min}
          .label=${label}
          .valueText=${isValid ? formats.number(value) : String(value)}
          .tip=${say('panel.image.sliderTip')}
          @weight-input=${onInput}
        ></mix-weight>
        <mix-number
          class="weight-number"
          .label=${label}
          .number=${value}
          .range=${strengthRange}
          .message=${error}
          @number-input=${onInput}
        ></mix-number>
      </div>`,
      { error, note: say('panel.imageStrength.note', { usual: usualImageStrength }) },
    );
  }

  async #changePreset(value: string): Promise<void> {
    await this.panel.actions.changeSetting({ name: 'comfyui.preset', value });
    this.requestUpdate(); // shows the setting's value if it couldn't be changed
  }
}

/** What kinds of models are called. */
const familyNames = { sd15: 'SD 1.5', sdxl: 'SDXL', flux: 'Flux' } as const;

function isStrength(value: number | string): value is number {
  return typeof value === 'number' && value >= imageStrengthRange.min && value <= imageStrengthRange.max;
}

customElements.define('mix-comfyui', ComfyuiFields);
