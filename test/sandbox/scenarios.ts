import { chaosScenarios } from './chaos.ts';
import type { Scenario } from './scenario.ts';
import { downloadScenarios } from './scenarios/downloads.ts';
import { errorScenarios } from './scenarios/errors.ts';
import { faultScenarios } from './scenarios/faults.ts';
import { mixScenarios } from './scenarios/mix.ts';
import { pollScenarios } from './scenarios/polls.ts';
import { webhookScenarios } from './scenarios/webhooks.ts';

/** Every scenario, in the order of the table in README.md. */
export const scenarios: readonly Scenario[] = [
  ...mixScenarios,
  ...errorScenarios,
  ...pollScenarios,
  ...downloadScenarios,
  ...webhookScenarios,
  ...faultScenarios,
  ...chaosScenarios,
];

/** Finds a scenario by name. @throws Error if there is none. */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (!found) throw new Error(`There is no scenario "${name}". To list them all, run: npm run sandbox -- --list`);
  return found;
}

/** The scenarios as a Markdown table, as in README.md. */
export function scenarioTable(): string {
  const rows = scenarios.map(
    ({ name, stage, answers, client }) => `| \`${name}\` | ${stage} | ${answers} | ${client} |`,
  );
  return ['| name | stage | what the service answers | what a client should do |', '| - | - | - | - |', ...rows].join(
    '\n',
  );
}
