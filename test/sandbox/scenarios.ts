import type { Scenario } from './scenario.ts';
import { mixScenarios } from './scenarios/mix.ts';

/** Every scenario, in the order of the table in README.md. */
export const scenarios: readonly Scenario[] = [...mixScenarios];

/** @throws Error with the known names where there is none of this name. */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (!found) throw new Error(`No scenario "${name}". Known: ${scenarios.map((scenario) => scenario.name).join(', ')}`);
  return found;
}
