import type { UnusedPart } from '../../mix/limits.ts';
import { findModelNamed } from '../../mix/modelNames.ts';
import type { EngineView } from '../../protocol/contract.ts';
import type { MissingModelView, ModelView, ObstacleView, ReadyServer } from '../../protocol/serverContract.ts';

/** The servers that have answered and can be used. */
export function readyServers({ comfyui }: Pick<EngineView, 'comfyui'>): ReadyServer[] {
  return (comfyui?.servers ?? []).flatMap(({ answer }) => (answer?.kind === 'ready' ? answer : []));
}

/** The models of all servers, each once. One that can be used on any of them has no obstacle. */
export function modelsOf(servers: readonly ReadyServer[]): ModelView[] {
  const models = new Map<string, ModelView>();
  for (const model of servers.flatMap((server) => server.models)) {
    if (models.get(model.name)?.obstacle !== null) models.set(model.name, model);
  }
  return [...models.values()];
}

/** The name of the model that is used if the mix has none; undefined if that isn't known. */
export function automaticModel(servers: readonly ReadyServer[]): string | undefined {
  return servers.flatMap(({ automatic }) => ('model' in automatic ? automatic.model : []))[0];
}

/** The model that a mix is made with; undefined if no server has it. @param wanted the draft's. */
export function modelInUse(servers: readonly ReadyServer[], wanted: string | null): ModelView | undefined {
  const name = wanted ?? automaticModel(servers);
  return name === undefined ? undefined : findModelNamed(modelsOf(servers), name);
}

/** Why a server can't be used for a mix; null if it can, and undefined if it doesn't have the model. @param wanted the draft's. */
export function obstacleOn({ models, automatic }: ReadyServer, wanted: string | null): ObstacleView | null | undefined {
  if (wanted === null) return 'obstacle' in automatic ? automatic.obstacle : null;
  return findModelNamed(models, wanted)?.obstacle;
}

/** A preset, with what is missing for it. */
export interface PresetChoice {
  readonly name: string;
  readonly missing: readonly MissingModelView[];
}

/** The presets that servers offer for a model, or for any if it isn't known. One that works on any server has nothing missing. */
export function presetsFor(servers: readonly ReadyServer[], model: ModelView | undefined): PresetChoice[] {
  const families = model?.family === 'sd15' || model?.family === 'sdxl' ? [model.family] : ['sd15', 'sdxl'];
  const presets = new Map<string, PresetChoice>();
  for (const { name, family, missing } of servers.flatMap((server) => server.presets)) {
    if (families.includes(family) && presets.get(name)?.missing.length !== 0) presets.set(name, { name, missing });
  }
  return [...presets.values()];
}

/** Whether a model takes the preset and the image weights of an IP-Adapter. */
export function takesPreset(model: ModelView | undefined): boolean {
  return model?.family !== 'flux';
}

/** The engine for a draft with this model, which may ignore more than the engine does. The same object if it doesn't. */
export function engineForModel(engine: EngineView, wanted: string | null): EngineView {
  if (!engine.comfyui || engine.comfyui.workflow) return engine;
  const ignored = modelInUse(readyServers(engine), wanted)?.ignores ?? [];
  const more = ignored.filter((part: UnusedPart) => !engine.ignores.includes(part));
  return more.length === 0 ? engine : { ...engine, ignores: [...engine.ignores, ...more] };
}
