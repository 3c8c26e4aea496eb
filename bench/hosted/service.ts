// The sandbox in a process of its own, so that its work does not count as the client's. Started by `fork` with a scenario and the
// latency in milliseconds; tells its base URL and key, and ends with whoever started it.
import { startSandbox } from '../../test/sandbox/sandbox.ts';

const [scenario = '', latency] = process.argv.slice(2);
const { baseUrl, key } = await startSandbox({ scenarios: [scenario], latency: Number(latency) });
process.send?.({ baseUrl, key });
process.once('disconnect', () => process.exit());
