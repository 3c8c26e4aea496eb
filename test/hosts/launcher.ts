// Accepts the switches that @vscode/test-electron passes to the desktop's executable, runs the tests in a VS Code server with a
// browser, and exits with their code.
import { parseArgs } from 'node:util';
import { mark } from '../vscode/mark.ts';
import { launchWorkbench } from './workbench.ts';

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    extensionDevelopmentPath: { type: 'string' },
    extensionTestsPath: { type: 'string' },
  },
});
const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
const develop = text(values.extensionDevelopmentPath);
const tests = text(values.extensionTestsPath);
const folder = positionals.find((path) => !path.startsWith('-'));

const errors: string[] = [];
const workbench = await launchWorkbench({
  ...(develop && { develop }),
  ...(tests && { tests }),
  ...(folder && { folder }),
  onConsole: (type, text) => {
    if (text.startsWith(mark)) console.log(text.slice(mark.length));
    else if (type === 'error') errors.push(text);
  },
  log: console.log,
});
try {
  const code = await workbench.exited;
  if (code !== 0) console.error(errors.join('\n')); // they explain why if the tests didn't even start
  process.exitCode = code;
} finally {
  await workbench.close();
}
