import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    scenario: { type: 'string', multiple: true, default: [] },
    strict: { type: 'boolean', default: false },
    eta: { type: 'string', default: '2' },
    key: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

if (values.list) {
  for (const { name, stage, answers } of scenarios) console.log(`${name.padEnd(28)}${stage.padEnd(10)}${answers}`);
} else {
  const sandbox = await startSandbox({
    port: Number(values.port),
    scenarios: values.scenario,
    strict: values.strict,
    eta: Number(values.eta),
    ...(values.key === undefined ? {} : { key: values.key }),
  });
  console.log(`Sandbox at ${sandbox.baseUrl} accepts the key ${sandbox.key}`);
  process.once('SIGINT', () => void sandbox.close());
  process.once('SIGTERM', () => void sandbox.close());
}
