// The worker thread that decodes and encodes. It runs sharp's WebAssembly build and gets every picture as bytes.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { MixFailure, recordFailure } from '../mix/failure.ts';
import { closeFileSystem } from './closedFileSystem.ts';
import { decode, encodePng, isUniform, probe, thumbnail, uploadCopy } from './decoder.ts';
import {
  type DecoderReply,
  type DecoderRequest,
  type DecoderResult,
  decoderRequestSchema,
  decoderVersionsSchema,
} from './decoderMessages.ts';

if (!parentPort) throw new Error('The codec runs in a worker thread');
const port = parentPort;

type AnyResult = DecoderResult<DecoderRequest['kind']>;

function work(request: DecoderRequest): Promise<AnyResult> {
  switch (request.kind) {
    case 'probe':
      return probe(request);
    case 'decode':
      return decode(request, request.width, request.height);
    case 'thumbnail':
      return thumbnail(request, request.side);
    case 'encodePng':
      return encodePng(request.bytes, request.width, request.height);
    case 'uploadCopy':
      return uploadCopy(request, request.maxSide, request.maxBytes);
    case 'isUniform':
      return isUniform(request);
  }
}

function buffersOf(result: AnyResult): ArrayBuffer[] {
  if (result instanceof Uint8Array) return [result.buffer];
  if (typeof result === 'boolean') return [];
  if ('data' in result) return [result.data.buffer];
  return 'bytes' in result ? [result.bytes.buffer] : [];
}

const send = (reply: DecoderReply, transfer: ArrayBuffer[] = []) => port.postMessage(reply, transfer);

/** So many bytes of pictures go through between two collections. */
const collectAfter = 16 * 1024 * 1024;
let bytesSince = 0;
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/**
 * sharp's copies of pictures in the memory of WebAssembly are let go when their handles are collected. The collector sees the small
 * handles only, and would let hundreds of megabytes pile up.
 */
function collectNowAndThen(bytes: number): void {
  bytesSince += bytes;
  if (bytesSince < collectAfter) return;
  bytesSince = 0;
  collectGarbage();
}

// What is no typed failure is a fault of the decoder: it goes up as an unhandled rejection and ends this thread.
async function answer(message: unknown): Promise<void> {
  const request = decoderRequestSchema.parse(message);
  let bytes = request.bytes.length;
  try {
    const result = await work(request);
    const buffers = buffersOf(result);
    for (const buffer of buffers) bytes += buffer.byteLength;
    send({ kind: 'done', result }, buffers);
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    send({ kind: 'failed', failure: recordFailure(error) });
  } finally {
    request.bytes.buffer.transfer(0); // gives its memory back now, not at the next collection
    collectNowAndThen(bytes);
  }
}

async function start(): Promise<void> {
  sharp.cache(false); // a picture is seldom decoded twice, and WebAssembly memory never shrinks
  await encodePng(new Uint8Array(4), 1, 1); // sharp starts its own thread with the first work
  closeFileSystem();
  port.on('message', (message) => void answer(message));
  send({ kind: 'ready', versions: decoderVersionsSchema.parse(sharp.versions) });
}

void start();
