import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';

/**
 * The environment for programs that should find this machine's own Node, not the one in `node_modules/.bin`
 * that npm scripts put first, and that should not take themselves for a part of the running npm script.
 */
function plainEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^npm_(package|lifecycle)_|^npm_config_local_prefix$/i.test(name)) delete env[name];
  }
  env.PATH = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !/node_modules[\\/]\.bin[\\/]?$|node-gyp-bin[\\/]?$/.test(folder))
    .join(delimiter);
  return env;
}

/** Runs the machine's npm in `cwd`, quietly. @throws Error with the end of npm's output when it fails. */
export function npm(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', [...args, '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel', 'error'], {
      cwd,
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32', // npm is a batch file there
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${args.join(' ')} failed with code ${code} in ${cwd}:\n${output}`));
    });
  });
}
