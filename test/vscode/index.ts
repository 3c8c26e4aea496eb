import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'node:util';
import { mark } from './mark.ts';

/** VS Code calls this inside its extension host. Runs all test files in this folder. @throws Error if a test fails. */
export async function run(): Promise<void> {
  const { default: Mocha } = await import('mocha');
  Mocha.reporters.Base.consoleLog = (...parts) => console.log(mark + format(...parts));
  const mocha = new Mocha({ ui: 'tdd', color: false, timeout: 30_000, forbidOnly: Boolean(process.env.CI) });
  for (const name of await readdir(__dirname)) if (name.endsWith('.test.cjs')) mocha.addFile(join(__dirname, name));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
