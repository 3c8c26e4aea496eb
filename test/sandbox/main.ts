import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.ts';
import { scenarioTable } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    scenario: { type: 'string', multiple: true, default: [] },
    strict: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    eta: { type: 'string', default: '2' },
    key: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

if (values.list) console.log(scenarioTable());
else await serve();

async function serve(): Promise<void> {
  try {
    const sandbox = await startSandbox({
      port: Number(values.port),
      scenarios: values.scenario,
      strict: values.strict,
      eta: Number(values.eta),
      seed: Number(values.seed),
      ...(values.key === undefined ? {} : { key: values.key }),
    });
    console.log(`Sandbox at ${sandbox.baseUrl} accepts the key ${sandbox.key}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
