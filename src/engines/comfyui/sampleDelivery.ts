import { isSameModel } from '../../mix/modelNames.ts';
import { makeNotice } from '../../mix/notice.ts';
import type { MixResult } from '../engine.ts';
import { type ComfyuiJobOptions, logJob } from './comfyuiJobOptions.ts';
import type { ComfyuiState } from './comfyuiState.ts';
import type { FetchedResult } from './resultFetch.ts';

/** Delivers the result of a sample, and tells in what it isn't as asked for. @throws as `deliver` does. */
export async function deliverSample(
  { bytes, width, height, isFlattened }: FetchedResult,
  { index, seed }: { readonly index: number; readonly seed: number },
  options: ComfyuiJobOptions,
): Promise<void> {
  const { task, settings, state, context, server } = options;
  const { recipe, format = 'png' } = task;
  if (width !== recipe.width || height !== recipe.height) {
    const [size, asked] = [`${width} × ${height}`, `${recipe.width} × ${recipe.height}`];
    context.notice(makeNotice('size-differs', { size, asked }));
  }
  const wanted = recipe.model ?? settings.checkpoint;
  const { model: used } = modelsOf(state, settings.imageStrength);
  if (wanted !== '' && typeof used === 'string' && !isSameModel(used, wanted)) {
    context.notice(makeNotice('other-model', { server: server.address.name, wanted, used }));
  }
  if (isFlattened) context.notice(makeNotice('transparency-lost'));
  // Not abandoned if the job is aborted: the next run must know whether this result is in the project.
  await context.deliver({
    index,
    seed,
    bytes,
    format,
    engineVersion: state.serverVersion,
    ...modelsOf(state, settings.imageStrength),
  });
  logJob(options, 'info', 'delivered', { number: index + 1, bytes: bytes.length, format });
}

/** The model and the preset that were used. Those of a workflow are its own affair. */
function modelsOf({ plan }: ComfyuiState, imageStrength: number): Pick<MixResult, 'model' | 'comfyui'> {
  switch (plan?.kind) {
    case undefined:
      return {};
    case 'adapter':
      return { model: plan.checkpoint, comfyui: { preset: plan.preset, imageStrength } };
    case 'redux':
      return { model: plan.model.file };
  }
}
