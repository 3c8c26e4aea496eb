import { parentPort } from 'node:worker_threads';
import { Cancelled, KernelHandler } from './kernelHandler.ts';
import { type KernelReply, requestSchema } from './kernelMessages.ts';

// Entry of the local engine's worker thread. Handles one request at a time.

/** Size of the cache of prepared images. An image of 1024 × 1024 takes about 8 MB. */
const maxCacheBytes = 256 * 1024 * 1024;

const port = parentPort;
if (!port) throw new Error('Runs in a worker thread only');
const handler = new KernelHandler(maxCacheBytes);
const reply = (message: KernelReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

port.on('message', (message: unknown) => {
  const { id, jobId, command } = requestSchema.parse(message); // an invalid request is a bug in the engine and ends the thread
  try {
    const result = handler.run(jobId, command, (fraction) => reply({ kind: 'progress', id, fraction }));
    const transfer = result !== null && 'data' in result ? [result.data.buffer] : [];
    reply({ kind: 'done', id, result }, transfer);
  } catch (error) {
    if (error instanceof Cancelled) reply({ kind: 'cancelled', id });
    else reply({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
});
