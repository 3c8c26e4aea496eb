import type { ServerReport, ServerState } from '../engines/comfyui/comfyuiEngine.ts';
import { type ModelChoice, planModel } from '../engines/comfyui/modelPlan.ts';
import { serverAddress } from '../engines/comfyui/serverAddress.ts';
import { MixFailure } from '../mix/failure.ts';
import type { ModelFamily } from '../mix/modelFamily.ts';
import { familyNames, type Lack, lacksOf } from './comfyuiLacks.ts';
import type { Messages } from './messages/messages.ts';

/** What mixes are made with, by the settings. */
export interface ReportedSettings extends Pick<ModelChoice, 'checkpoint' | 'preset'> {
  /** The path of the user's own workflow; empty for the built-in graph. */
  readonly workflow: string;
}

/** Whether mixes can run on a server, and why not. */
export interface Readiness {
  readonly isReady: boolean;
  readonly message: string;
}

/** Puts the answers of ComfyUI servers into words. */
export class ComfyuiReport {
  readonly #states: readonly ServerState[];
  readonly #settings: ReportedSettings;
  readonly #messages: Messages;

  constructor(states: readonly ServerState[], settings: ReportedSettings, messages: Messages) {
    this.#states = states;
    this.#settings = settings;
    this.#messages = messages;
  }

  /** Whether mixes can run on any of the servers. */
  summary(): Readiness {
    const all = this.#states.map((state) => this.#readinessOf(state));
    const [first] = all;
    if (!first) return this.#failed(new MixFailure('service-unavailable/comfyui-none', { retryable: false }));
    if (all.length === 1) return first;
    const ready = all.filter(({ isReady }) => isReady).length;
    const problem = all.find(({ isReady }) => !isReady);
    const message = this.#messages.say('comfyui.readyCount', { ready, count: all.length });
    return { isReady: ready > 0, message: problem ? `${message} ${problem.message}` : message };
  }

  /** Everything about each server, as Markdown. */
  document(): string {
    const title = `# ${this.#messages.say('comfyui.report.title')}`;
    return `${[title, ...this.#states.flatMap((state) => this.#sectionOf(state))].join('\n\n')}\n`;
  }

  #sectionOf(state: ServerState): readonly string[] {
    const heading = [`## ${escaped(serverLabel(state))}`, escaped(this.#readinessOf(state).message)];
    if ('failure' in state) return heading;
    const messages = this.#messages;
    const { version, queueLength, devices, checkpoints } = state;
    const lacks = lacksOf(state, this.#settings.preset);
    const list = (lines: readonly string[]) =>
      lines.length === 0 ? messages.say('comfyui.report.none') : lines.map((line) => `- ${line}`).join('\n');
    return [
      ...heading,
      list([
        escaped(messages.say('comfyui.report.server', { version, count: queueLength })),
        ...devices.map((device) => escaped(this.#deviceText(device))),
      ]),
      `### ${messages.say('comfyui.report.models')}`,
      list(checkpoints.map(({ name, family }) => `${code(name)}: ${this.#familyText(family)}`)),
      `### ${messages.say('comfyui.report.presets')}`,
      list(workingPresets(state)),
      ...this.#lacksSection(
        'comfyui.report.missing',
        lacks.filter(({ isNeeded }) => isNeeded),
      ),
      ...this.#lacksSection(
        'comfyui.report.missingOthers',
        lacks.filter(({ isNeeded }) => !isNeeded),
      ),
    ];
  }

  #lacksSection(title: 'comfyui.report.missing' | 'comfyui.report.missingOthers', lacks: readonly Lack[]): string[] {
    if (lacks.length === 0) return [];
    return [`### ${this.#messages.say(title)}`, lacks.map((lack) => `- ${this.#lackText(lack)}`).join('\n')];
  }

  #readinessOf(state: ServerState): Readiness {
    if ('failure' in state) return this.#failed(state.failure);
    const server = serverAddress(state.url).name;
    const { workflow, ...choice } = this.#settings;
    if (workflow !== '') {
      return { isReady: true, message: this.#messages.say('comfyui.answers', { server, file: workflow }) };
    }
    try {
      const plan = planModel(state, { model: null, ...choice });
      const [file, adapter] =
        plan.kind === 'adapter' ? [plan.checkpoint, plan.preset] : [plan.model.file, plan.styleModel];
      return { isReady: true, message: this.#messages.say('comfyui.ready', { server, file, adapter }) };
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      return this.#failed(error);
    }
  }

  #failed(failure: MixFailure): Readiness {
    return { isReady: false, message: this.#messages.failure(failure) };
  }

  #deviceText({ name, memory, freeMemory }: ServerReport['devices'][number]): string {
    const gigabytes = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
    const args = { name, free: gigabytes(freeMemory), total: gigabytes(memory) };
    return this.#messages.say('comfyui.report.device', args);
  }

  #familyText(family: ModelFamily): string {
    return family === 'other' || family === 'unknown'
      ? this.#messages.say(`comfyui.report.${family}`)
      : familyNames[family];
  }

  #lackText({ file, folder, source, isPack, uses }: Lack): string {
    const id = isPack ? 'comfyui.report.pack' : 'comfyui.report.file';
    const text = this.#messages.say(id, { file: code(file), folder: code(folder), source: code(source) });
    return `${text} ${this.#messages.say('comfyui.report.uses', { names: escaped(uses.join('; ')) })}`;
  }
}

/** The presets that have all their files, with the kinds of models that they have them for. */
function workingPresets({ presets }: ServerReport): readonly string[] {
  const working = presets.filter(({ missing }) => missing.length === 0);
  return [...new Set(working.map(({ name }) => name))].map((name) => {
    const families = working.filter((preset) => preset.name === name).map(({ family }) => familyNames[family]);
    return `${code(name)}: ${families.join(', ')}`;
  });
}

/** The address as it's written in the setting, except for one that can't be used, since it may contain a password. */
function serverLabel(state: ServerState): string {
  return 'failure' in state && state.failure.key === 'network/comfyui-bad-url' ? '?' : state.url;
}

/** Text in which nothing is Markdown. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>&|~]/g, '\\$&').replace(/\s+/g, ' ');
}

/** Text as it is, in a fence that it doesn't contain. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length)) + 1);
  const line = text.replace(/\s+/g, ' ');
  return line.includes('`') ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`;
}
