// The sandbox in a process of its own, so that its work does not count as the client's. Started by `fork` with the latency in
// milliseconds; tells its base URL and key, and ends with whoever started it.
import { startSandbox } from '../../test/sandbox/sandbox.ts';

const { baseUrl, key } = await startSandbox({ scenarios: ['processing-messege'], latency: Number(process.argv[2]) });
process.send?.({ baseUrl, key });
process.once('disconnect', () => process.exit());
