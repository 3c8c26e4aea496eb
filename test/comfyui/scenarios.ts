import type { Scenario } from './scenario.ts';
import { doors } from './scenarios/doors.ts';
import { failures } from './scenarios/failures.ts';
import { losses } from './scenarios/losses.ts';
import { models } from './scenarios/models.ts';
import { others } from './scenarios/others.ts';
import { versions } from './scenarios/versions.ts';

/** All scenarios, in the order of the table. */
export const scenarios: readonly Scenario[] = [...versions, ...doors, ...models, ...failures, ...losses, ...others];

/** @throws Error for an unknown name. */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((one) => one.name === name);
  if (!found) throw new Error(`No scenario is named "${name}". --list shows them.`);
  return found;
}

/** The scenarios as a Markdown table. */
export function scenarioTable(): string {
  const rows = [['name', 'what the server does', 'what a client should do']].concat(
    scenarios.map(({ name, server, client }) => [`\`${name}\``, server, client]),
  );
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(['', '', ''], '-'), ...body.map((row) => line(row))].join('\n');
}
