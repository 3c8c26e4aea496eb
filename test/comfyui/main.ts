import { parseArgs } from 'node:util';
import { scenarioTable } from './scenarios.ts';
import { startComfyUI } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8188' },
    scenario: { type: 'string', multiple: true, default: [] },
    version: { type: 'string', default: '0.3.64' },
    previews: { type: 'boolean', default: false },
    'step-ms': { type: 'string', default: '200' },
    list: { type: 'boolean', default: false },
  },
});

if (values.list) console.log(scenarioTable());
else await serve();

async function serve(): Promise<void> {
  try {
    const server = await startComfyUI({
      port: Number(values.port),
      version: values.version,
      previews: values.previews,
      stepMs: Number(values['step-ms']),
      scenarios: values.scenario,
    });
    console.log(`ComfyUI stand-in at ${server.url}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
