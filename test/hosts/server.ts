import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { installServer, type Release } from './serverInstall.ts';

const run = promisify(execFile);
const isWindows = process.platform === 'win32';

export interface ServerOptions {
  /** Which VS Code; absent: the newest. */
  readonly release?: Release;
  /** Settings, state and logs. */
  readonly dataDir: string;
  readonly extensionsDir: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** If true, workspace trust stays on. Otherwise every folder is trusted. */
  readonly trust?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Additional command-line switches. */
  readonly args?: readonly string[];
  readonly log?: (line: string) => void;
}

/** A running VS Code server; its workbench is at `origin`. */
export interface Server {
  readonly origin: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the process has ended, on its own or by `close`. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Starts a VS Code server on the loopback address; resolves when it accepts connections. @throws Error with its last lines. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { node, script, readyLine } = await installServer(options.release ?? 'newest', options.log);
  const child = spawn(
    node,
    [
      script,
      ...['--host', '127.0.0.1', '--port', String(options.port ?? 0), '--without-connection-token'],
      ...['--accept-server-license-terms', '--telemetry-level', 'off'],
      ...['--server-data-dir', options.dataDir, '--extensions-dir', options.extensionsDir],
      '--enable-smoke-test-driver', // without it, a built VS Code ignores extensions under development
      '--enable-remote-auto-shutdown', // if this process is killed, the server ends some minutes later
      ...(options.trust ? [] : ['--disable-workspace-trust']),
      ...(options.args ?? []),
    ],
    {
      cwd: options.dataDir,
      env: { ...outsideEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // its own process group, so that extension hosts and watchers end with it
    },
  );
  const ended = once(child, 'exit').then(() => {});
  const close = async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(isWindows ? child.pid : -child.pid);
    await ended;
  };
  const lines: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    let port: number | undefined;
    const read = (line: string) => {
      lines.push(line);
      if (lines.length > 20) lines.shift();
      const listening = /listening on (\d+)/.exec(line);
      if (listening) port = Number(listening[1]);
      if (port !== undefined && line.includes(readyLine)) resolve(port);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The VS Code server ended with code ${code}:\n${lines.join('\n')}`)));
  });
  if (child.pid === undefined) throw new Error('The VS Code server has no process id');
  return { origin: `http://127.0.0.1:${port}`, port, pid: child.pid, ended, close };
}

/** Lets VS Code install an extension from its package. @throws Error with VS Code's output. */
export async function installVsix(
  vsix: string,
  { release = 'newest', dataDir, extensionsDir, log }: Omit<ServerOptions, 'port' | 'trust' | 'env' | 'args'>,
): Promise<void> {
  const { node, script } = await installServer(release, log);
  const dirs = ['--server-data-dir', dataDir, '--extensions-dir', extensionsDir];
  await run(node, [script, ...dirs, '--install-extension', vsix], { env: outsideEnvironment() });
}

/** Drops the variables of a VS Code in whose terminal this runs: the server would use them. Without a gallery, the server uses no network. */
function outsideEnvironment(): NodeJS.ProcessEnv {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VSCODE|ELECTRON)_/.test(name)));
  return { ...env, EXTENSIONS_GALLERY: '{}' };
}
