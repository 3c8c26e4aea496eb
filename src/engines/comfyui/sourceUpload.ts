import PQueue from 'p-queue';
import { abortable } from '../../images/abortable.ts';
import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import type { ImageWarning } from '../../mix/imageWarning.ts';
import type { TaskSource } from '../engine.ts';
import type { ComfyuiClient } from './comfyuiClient.ts';
import { type PatienceContext, patiently } from './patience.ts';

/** In pixels. The models see a few hundred. */
const maxSide = 1024;
/** The folder for uploads in the input folder of a server, which survives its restarts. */
const subfolder = 'image-mixer';
/** How many images are prepared and uploaded at a time. */
const concurrency = 2;

/** The names of the images that a server has, as LoadImage takes them, by the SHA-256 of their source. */
export type UploadedNames = Map<string, Promise<string>>;

export interface UploadContext extends PatienceContext {
  readonly client: ComfyuiClient;
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly uploaded: UploadedNames;
  /** Called before the first image and after each, with the number of those that are there. */
  onProgress(done: number, total: number): void;
  /** Called with what the server won't see of an image. */
  onWarning(source: TaskSource, warning: ImageWarning): void;
  onUploaded(source: TaskSource, name: string): void;
}

/**
 * Makes sure that a server has the sources. Uploads those that it doesn't have yet, as PNG without metadata, named by their content.
 * @returns the names in the order of the sources. @throws MixFailure, attributed to an image if it is the cause; or the signal's reason.
 */
export async function uploadSources(
  sources: readonly TaskSource[],
  context: UploadContext,
): Promise<readonly string[]> {
  const queue = new PQueue({ concurrency });
  let done = 0;
  context.onProgress(done, sources.length);
  return Promise.all(
    sources.map((source) =>
      queue.add(async () => {
        const name = await uploadSource(source, context);
        context.onProgress(++done, sources.length);
        return name;
      }),
    ),
  );
}

async function uploadSource(source: TaskSource, context: UploadContext): Promise<string> {
  const { codec, reader, uploaded, signal } = context;
  signal.throwIfAborted();
  const bytes = await attributeFailure(source, async () => {
    const content = await abortable(reader.read(source.location, signal), signal);
    const { warnings } = await abortable(codec.probe(content, signal), signal);
    for (const warning of warnings) context.onWarning(source, warning);
    return content;
  });
  const key = await sha256(bytes);
  const name = uploaded.get(key) ?? encodeAndSend(source, bytes, context);
  uploaded.set(key, name);
  try {
    return await name;
  } catch (error) {
    uploaded.delete(key);
    throw error;
  }
}

async function encodeAndSend(source: TaskSource, bytes: Uint8Array, context: UploadContext): Promise<string> {
  const { client, codec, signal } = context;
  const copy = await attributeFailure(source, () => abortable(codec.uploadPng(bytes, maxSide, signal), signal));
  const file = { name: `${await sha256(copy.bytes)}.png`, subfolder, bytes: copy.bytes };
  try {
    const name = await patiently(() => client.upload(file, signal), context);
    context.onUploaded(source, name);
    return name;
  } catch (error) {
    const isTooLarge = error instanceof MixFailure && error.code === 'image-too-large';
    throw isTooLarge ? error.forImage(source.index, source.name) : error;
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)); // doesn't block this thread, unlike node:crypto's hash
  return Buffer.from(digest).toString('hex');
}

async function attributeFailure<T>({ index, name }: TaskSource, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof MixFailure ? error.forImage(index, name) : error;
  }
}
