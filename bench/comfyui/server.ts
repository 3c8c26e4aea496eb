// Runs a stand-in for a ComfyUI server in a separate process, so that its CPU time doesn't count as the client's. Started by `fork` with
// the milliseconds of a step. Sends its base URL to the parent process, and exits with it.
import { startComfyUI } from '../../test/comfyui/server.ts';

const { url } = await startComfyUI({ stepMs: Number(process.argv[2]) });
process.send?.(url);
process.once('disconnect', () => process.exit());
