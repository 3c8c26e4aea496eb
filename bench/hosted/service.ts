// Runs the sandbox in a separate process, so that its CPU time doesn't count as the client's. Started by `fork` with a scenario and
// the latency in milliseconds. Sends its base URL and key to the parent process, and exits with it.
import { startSandbox } from '../../test/sandbox/sandbox.ts';

const [scenario = '', latency] = process.argv.slice(2);
const { baseUrl, key } = await startSandbox({ scenarios: [scenario], latency: Number(latency) });
process.send?.({ baseUrl, key });
process.once('disconnect', () => process.exit());
