// The worker thread that decodes and encodes. It runs sharp's WebAssembly build and gets every image as bytes.
import fs from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import * as z from 'zod';
import { MixFailure } from '../mix/failure.ts';
import { recordFailure } from '../mix/failureRecord.ts';
import {
  type CodecReply,
  type CodecRequest,
  type CodecResult,
  codecRequestSchema,
  codecVersionsSchema,
} from './codecMessages.ts';
import {
  decode,
  encode,
  encodePng,
  isUniform,
  probe,
  thumbnail,
  uploadCopy,
  uploadPng,
  useSvgAssets,
} from './codecOperations.ts';

if (!parentPort) throw new Error('The codec runs in a worker thread');
const port = parentPort;

type AnyResult = CodecResult<CodecRequest['kind']>;

function execute(request: CodecRequest): Promise<AnyResult> {
  switch (request.kind) {
    case 'probe':
      return probe(request);
    case 'decode':
      return decode(request, request.width, request.height);
    case 'thumbnail':
      return thumbnail(request, request.side);
    case 'encode':
      return encode(request.bytes, request, request.format);
    case 'uploadCopy':
      return uploadCopy(request, request.maxSide, request.maxBytes);
    case 'uploadPng':
      return uploadPng(request, request.maxSide);
    case 'isUniform':
      return isUniform(request);
  }
}

function buffersOf(result: AnyResult): ArrayBuffer[] {
  if (typeof result === 'boolean') return [];
  if ('data' in result) return [result.data.buffer];
  return 'bytes' in result ? [result.bytes.buffer] : [];
}

const send = (reply: CodecReply, transfer: ArrayBuffer[] = []) => port.postMessage(reply, transfer);

/** Bytes of images that are processed between two garbage collections. */
const collectAfter = 16 * 1024 * 1024;
let bytesSinceCollection = 0;
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/**
 * Collects garbage after every `collectAfter` bytes. sharp frees its copies of images in WebAssembly memory when their
 * handles are collected. The collector sees only the small handles, so without this hundreds of megabytes pile up.
 */
function collectIfDue(bytes: number): void {
  bytesSinceCollection += bytes;
  if (bytesSinceCollection < collectAfter) return;
  bytesSinceCollection = 0;
  collectGarbage();
}

/** Frees a buffer now rather than at the next collection. Node 20 has no `transfer`: there the collection frees it. */
function release(buffer: ArrayBuffer & { transfer?: (length: number) => ArrayBuffer }): void {
  buffer.transfer?.(0);
}

// An error that isn't a MixFailure is a bug in the decoder: it becomes an unhandled rejection and ends this thread.
async function answer(message: unknown): Promise<void> {
  const request = codecRequestSchema.parse(message);
  let bytes = request.bytes.length;
  try {
    const result = await execute(request);
    const buffers = buffersOf(result);
    for (const buffer of buffers) bytes += buffer.byteLength;
    send({ kind: 'done', result }, buffers);
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    send({ kind: 'failed', failure: recordFailure(error) });
  } finally {
    release(request.bytes.buffer);
    collectIfDue(bytes);
  }
}

/**
 * Blocks file access in this thread. The decoders reach the disk through these functions, and a file may reference any other. Fonts
 * are read asynchronously (`fonts/`), from folders that no image has a say in.
 */
function blockFileAccess(): void {
  for (const name of ['openSync', 'readFileSync', 'readlinkSync', 'readdirSync', 'writeFileSync']) {
    Reflect.set(fs, name, () => {
      throw Object.assign(new Error('This thread opens no files'), { code: 'ENOENT' });
    });
  }
}

const workerDataSchema = z.object({ fontFolders: z.array(z.string()).optional() });

async function start(): Promise<void> {
  sharp.cache(false); // images are rarely decoded twice, and WebAssembly memory never shrinks
  await encodePng(new Uint8Array(4), 1, 1); // sharp starts its own thread with the first operation
  blockFileAccess();
  useSvgAssets({ folder: __dirname, ...workerDataSchema.parse(workerData ?? {}) });
  port.on('message', (message) => void answer(message));
  send({ kind: 'ready', versions: codecVersionsSchema.parse(sharp.versions) });
}

void start();
