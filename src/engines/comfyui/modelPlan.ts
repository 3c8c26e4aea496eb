import { MixFailure } from '../../mix/failure.ts';
import { familyOfName } from '../../mix/modelFamily.ts';
import { findModelNamed, isSameModel } from '../../mix/modelNames.ts';
import type { MissingModel, ServerModel, ServerReport } from './comfyuiEngine.ts';
import type { ModelPlan } from './graph.ts';
import { adapterPack } from './modelFiles.ts';
import { serverAddress } from './serverAddress.ts';

/** What a mix asks for. */
export interface ModelChoice {
  /** The recipe's model; null means the setting's checkpoint. */
  readonly model: string | null;
  /** The setting's checkpoint; empty means the first that fits. */
  readonly checkpoint: string;
  readonly preset: string;
}

/**
 * The models to mix with on a server.
 * @throws MixFailure `missing-model`, which names the file and where it belongs, if the server lacks one.
 */
export function planModel(report: ServerReport, choice: ModelChoice): ModelPlan {
  const wanted = choice.model ?? choice.checkpoint;
  if (wanted !== '') return planFor(findModel(report, wanted), report, choice.preset);
  const attempts = (...families: ServerModel['family'][]) =>
    report.checkpoints
      .filter(({ family }) => families.includes(family))
      .map((model) => attempt(model, report, choice.preset));
  const [known, unknown, flux] = [attempts('sd15', 'sdxl'), attempts('unknown'), attempts('flux')];
  const lacking = failuresIn([...known, ...unknown]);
  // A model without presets would hide that the preset is wrong.
  const isPresetWrong = lacking.length > 0 && lacking.every(isWrongPreset);
  // An unknown model may be one that the graphs can't use.
  const found = [...known, ...(isPresetWrong ? [] : flux), ...unknown].find(({ plan }) => plan !== undefined);
  if (found?.plan) return found.plan;
  const failures = isPresetWrong ? lacking : [...lacking, ...failuresIn(flux)];
  const failure = failures.find((one) => !isWrongPreset(one)) ?? failures[0];
  throw failure ?? new MixFailure('missing-model/no-checkpoint', { args: { server: nameOf(report) } });
}

interface Attempt {
  readonly plan?: ModelPlan;
  readonly failure?: MixFailure;
}

function attempt(model: ServerModel, report: ServerReport, preset: string): Attempt {
  try {
    return { plan: planFor(model, report, preset) };
  } catch (error) {
    if (error instanceof MixFailure) return { failure: error };
    throw error;
  }
}

function failuresIn(attempts: readonly Attempt[]): MixFailure[] {
  return attempts.flatMap(({ failure }) => failure ?? []);
}

function isWrongPreset({ key }: MixFailure): boolean {
  return key === 'missing-model/preset';
}

function findModel(report: ServerReport, wanted: string): ServerModel {
  const found = findModelNamed(report.checkpoints, wanted);
  if (found) return found;
  const isFlux = familyOfName(wanted) === 'flux';
  throw new MixFailure(isFlux ? 'missing-model/flux' : 'missing-model/checkpoint', {
    args: { server: nameOf(report), file: wanted },
  });
}

/** Every file that a mix with a model and a preset lacks on a server. None for a model that the built-in graphs can't use. */
export function missingFor(report: ServerReport, model: ServerModel, preset: string): readonly MissingModel[] {
  switch (model.family) {
    case 'sd15':
    case 'sdxl':
    case 'unknown': {
      if (report.missing.length > 0) return report.missing;
      const offered = presetsFor(report, model, preset);
      return offered.every(({ missing }) => missing.length > 0) ? (offered[0]?.missing ?? []) : [];
    }
    case 'flux': {
      const { styleModel, clipVision, ...parts } = report.redux;
      const files = [styleModel, clipVision, ...(model.loader === 'unet' ? Object.values(parts) : [])];
      return files.filter((file) => typeof file !== 'string');
    }
    case 'other':
      return [];
  }
}

/** The file of the model that a plan is made with. */
export function modelFileOf(plan: ModelPlan): string {
  return plan.kind === 'adapter' ? plan.checkpoint : plan.model.file;
}

/**
 * Which of the plans on several servers are preferred: those with the model that was asked for, under this very name. Without one, those with
 * the model of the first server, so that what a mix looks like doesn't depend on which server is free.
 * @param wanted empty for the first that fits. @param plans in the order of the servers; null for those of a workflow.
 */
export function preferredPlans(wanted: string, plans: readonly (ModelPlan | null)[]) {
  const [first] = plans;
  const model = wanted === '' && first ? modelFileOf(first) : wanted;
  return (plan: ModelPlan | null): boolean => plan !== null && isSameModel(modelFileOf(plan), model);
}

function planFor(model: ServerModel, report: ServerReport, preset: string): ModelPlan {
  switch (model.family) {
    case 'sd15':
    case 'sdxl':
    case 'unknown':
      return adapterPlan(model, report, preset);
    case 'flux':
      return reduxPlan(model, report);
    case 'other':
      throw new MixFailure('missing-model/family', { args: { file: model.name } });
  }
}

function adapterPlan({ name, family }: ServerModel, report: ServerReport, preset: string): ModelPlan {
  const [pack] = report.missing;
  if (pack) throw lacking(report, pack);
  const offered = presetsFor(report, { family }, preset);
  if (offered.length === 0) throw new MixFailure('missing-model/preset', { args: { preset, file: name } });
  const missing = offered.every((one) => one.missing.length > 0) ? offered[0]?.missing[0] : undefined;
  if (missing) throw lacking(report, missing);
  return { kind: 'adapter', checkpoint: name, preset };
}

/** The server itself finds out of which family an unknown checkpoint is. */
function presetsFor({ presets }: ServerReport, { family }: Pick<ServerModel, 'family'>, preset: string) {
  return presets.filter((one) => one.name === preset && (family === 'unknown' || one.family === family));
}

function reduxPlan({ name, loader }: ServerModel, report: ServerReport): ModelPlan {
  const { redux } = report;
  const need = (file: string | MissingModel): string => {
    if (typeof file !== 'string') throw lacking(report, file);
    return file;
  };
  const files = { kind: 'redux', clipVision: need(redux.clipVision), styleModel: need(redux.styleModel) } as const;
  if (loader === 'checkpoint') return { ...files, model: { loader, file: name } };
  const clips = [need(redux.clip), need(redux.t5)] as const;
  return { ...files, model: { loader, file: name, clips, vae: need(redux.vae) } };
}

function lacking(report: ServerReport, { file, folder, source }: MissingModel): MixFailure {
  const args = { server: nameOf(report), file, folder, source };
  return new MixFailure(file === adapterPack.missing.file ? 'missing-model/pack' : 'missing-model/file', { args });
}

function nameOf({ url }: ServerReport): string {
  return serverAddress(url).name;
}
