import type { ServerModel, ServerReport, ServerState } from '../engines/comfyui/comfyuiEngine.ts';
import { missingFor, planModel } from '../engines/comfyui/modelPlan.ts';
import { reduxIgnores } from '../engines/comfyui/reduxGraph.ts';
import { MixFailure } from '../mix/failure.ts';
import { findModelNamed } from '../mix/modelNames.ts';
import type { ModelView, ObstacleView, ServerView } from '../protocol/serverContract.ts';
import { fixCommandsFor } from './jobView.ts';
import type { Messages } from './messages/messages.ts';
import { serverNameOf } from './serverName.ts';
import type { KnownServer } from './serverStates.ts';

/** What mixes are made with, by the settings. */
interface SetModels {
  readonly checkpoint: string;
  readonly preset: string;
}

/** A server as the panel shows it, with what can be used of it. */
export function viewOfServer({ url, state, isChecking }: KnownServer, set: SetModels, messages: Messages): ServerView {
  return { name: serverNameOf(url) ?? '', isChecking, answer: state ? answerOf(state, set, messages) : null };
}

function answerOf(state: ServerState, set: SetModels, messages: Messages): ServerView['answer'] {
  if ('failure' in state) {
    const { failure } = state;
    const needsAuthorization = fixCommandsFor(failure.code, 'comfyui').includes('setComfyUIAuthorization');
    return { kind: 'failed', message: messages.failure(failure), needsAuthorization };
  }
  const { version, devices, queueLength, checkpoints, presets } = state;
  const [device] = devices.toSorted((left, right) => right.freeMemory - left.freeMemory);
  return {
    kind: 'ready',
    version,
    device: device ? { name: shortName(device.name), freeMemory: device.freeMemory } : null,
    queueLength,
    models: checkpoints.map((model) => viewOfModel(model, state, set, messages)),
    presets: presets.map(({ name, family, missing }) => ({ name, family, missing: [...missing] })),
    automatic: automaticOf(state, set, messages),
  };
}

function viewOfModel(model: ServerModel, report: ServerReport, { preset }: SetModels, messages: Messages): ModelView {
  const { name, family } = model;
  const plan = planOf(report, name, preset);
  return {
    name,
    family,
    ignores: family === 'flux' ? [...reduxIgnores] : [],
    obstacle: plan instanceof MixFailure ? obstacleOf(plan, report, model, preset, messages) : null,
  };
}

function automaticOf(report: ServerReport, { checkpoint, preset }: SetModels, messages: Messages) {
  const plan = planOf(report, checkpoint === '' ? null : checkpoint, preset);
  if (plan instanceof MixFailure) {
    const { checkpoints } = report;
    const model = checkpoint === '' ? checkpoints.find(hasGraph) : findModelNamed(checkpoints, checkpoint);
    return { obstacle: obstacleOf(plan, report, model, preset, messages) };
  }
  return { model: plan.kind === 'adapter' ? plan.checkpoint : plan.model.file };
}

function hasGraph({ family }: ServerModel): boolean {
  return family !== 'other';
}

function planOf(report: ServerReport, model: string | null, preset: string) {
  try {
    return planModel(report, { model, checkpoint: '', preset });
  } catch (error) {
    if (error instanceof MixFailure) return error;
    throw error;
  }
}

function obstacleOf(
  failure: MixFailure,
  report: ServerReport,
  model: ServerModel | undefined,
  preset: string,
  messages: Messages,
): ObstacleView {
  return { message: messages.failure(failure), missing: model ? [...missingFor(report, model, preset)] : [] };
}

/** A device without the number and the allocator that PyTorch adds: `cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync`. */
function shortName(device: string): string {
  return device.replace(/^[a-z]+:\d+ /, '').replace(/ : \w+$/, '');
}
