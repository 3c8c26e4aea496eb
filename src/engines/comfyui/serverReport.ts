import PQueue from 'p-queue';
import { MixFailure } from '../../mix/failure.ts';
import { familyOf } from '../../mix/modelFamily.ts';
import type { ComfyuiClient } from './comfyuiClient.ts';
import type { ServerModel, ServerReport } from './comfyuiEngine.ts';
import { adapterPack, presetReports, reduxFiles } from './modelFiles.ts';
import { requireVersion } from './serverVersion.ts';
import type { NodeInfo } from './wire/nodeInfo.ts';

/**
 * Reading the metadata of a file makes the server open it, perhaps on a slow drive. So many are read at a time, at most so many, and for at
 * most so many milliseconds. The other files are known by their names.
 */
const metadataReads = { concurrent: 6, most: 100, time: 8_000 };

/**
 * Asks a server what it is and has, class by class, because its whole list of classes has megabytes.
 * @throws MixFailure if it can't be used, or the signal's reason.
 */
export async function readServer(client: ComfyuiClient, signal: AbortSignal): Promise<ServerReport> {
  const { version, devices } = await client.systemStats(signal);
  requireVersion(version, client.address);
  const node = (name: string) => client.nodeInfo(name, signal);
  const choices = async (name: string, input: string) => choicesOf(await node(name), input);
  const [queueLength, checkpoints, unets, adapters, clipVision, styleModels, clips, vaes, pack] = await Promise.all([
    client.queueLength(signal),
    choices('CheckpointLoaderSimple', 'ckpt_name'),
    choices('UNETLoader', 'unet_name'),
    choices('IPAdapterModelLoader', 'ipadapter_file'),
    choices('CLIPVisionLoader', 'clip_name'),
    choices('StyleModelLoader', 'style_model_name'),
    choices('DualCLIPLoader', 'clip_name1'),
    choices('VAELoader', 'vae_name'),
    Promise.all(adapterPack.classes.map(node)),
  ]);
  const [models, separateModels] = await Promise.all([
    withFamilies(client, 'checkpoints', checkpoints, signal),
    withFamilies(client, 'diffusion_models', unets, signal),
  ]);
  const installed = { adapters, clipVision, styleModels, clips, vaes };
  const hasPack = pack.every((info) => info !== undefined);
  return {
    url: client.address.url,
    version,
    devices,
    queueLength,
    checkpoints: [
      ...models.map((model) => ({ ...model, loader: 'checkpoint' as const })),
      ...separateModels
        .filter(({ family }) => family === 'flux')
        .map((model) => ({ ...model, loader: 'unet' as const })),
    ],
    presets: hasPack ? presetReports(choicesOf(pack[0], 'preset'), installed) : [],
    redux: reduxFiles(installed),
    missing: hasPack ? [] : [adapterPack.missing],
  };
}

function choicesOf(info: NodeInfo | undefined, input: string): readonly string[] {
  return info?.inputs.get(input)?.choices ?? [];
}

/** The models with their families, by their metadata if they have any. */
async function withFamilies(
  client: ComfyuiClient,
  folder: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Omit<ServerModel, 'loader'>[]> {
  const reads = new PQueue({ concurrency: metadataReads.concurrent });
  const limit = AbortSignal.timeout(metadataReads.time);
  return Promise.all(
    names.map(async (name, at) => {
      const isRead = at < metadataReads.most && name.endsWith('.safetensors');
      const architecture = isRead
        ? await reads.add(() => architectureOf(client, folder, name, signal, limit))
        : undefined;
      return { name, family: familyOf(name, architecture) };
    }),
  );
}

/** The architecture in the metadata of a model; undefined if there is none, or it isn't read before the limit. */
async function architectureOf(
  client: ComfyuiClient,
  folder: string,
  name: string,
  signal: AbortSignal,
  limit: AbortSignal,
): Promise<string | undefined> {
  try {
    const metadata = await client.metadata(folder, name, AbortSignal.any([signal, limit]));
    return metadata?.get('modelspec.architecture');
  } catch (error) {
    if (error instanceof MixFailure || error === limit.reason) return undefined;
    throw error;
  }
}
