import { parentPort } from 'node:worker_threads';
import { Cancelled, KernelHandler } from './kernelHandler.ts';
import { type KernelReply, requestSchema } from './kernelMessages.ts';

// The worker thread of the local engine: does what it is asked, one thing after another.

/** Prepared images that are kept for the next mix; one of 1024 × 1024 takes about 8 MB. */
const keptBytes = 256 * 1024 * 1024;

const port = parentPort;
if (!port) throw new Error('Runs in a worker thread only');
const workshop = new KernelHandler(keptBytes);
const reply = (message: KernelReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

port.on('message', (message: unknown) => {
  const { id, jobId, order } = requestSchema.parse(message); // from our own engine: anything else is a bug, and ends the thread
  try {
    const result = workshop.run(jobId, order, (fraction) => reply({ kind: 'progress', id, fraction }));
    const transfer = result !== null && 'data' in result ? [result.data.buffer] : [];
    reply({ kind: 'done', id, result }, transfer);
  } catch (error) {
    if (error instanceof Cancelled) reply({ kind: 'cancelled', id });
    else reply({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
});
