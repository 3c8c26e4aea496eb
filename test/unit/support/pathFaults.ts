import type * as FileSystem from 'node:fs/promises';

/** Decides about the calls of `node:fs/promises` by their name and path: the code of the system error that one gets, if any. */
export const faults = { codeOf: noFaults };

function noFaults(_call: string, _path: string): string | undefined {
  return undefined;
}

/** No call fails any more. */
export function endFaults(): void {
  faults.codeOf = noFaults;
}

/** `node:fs/promises`, with calls that fail as `faults` says. For `vi.mock`. The path of `rename` is the new one. */
export function faultyFileSystem(real: typeof FileSystem): typeof FileSystem {
  const overrides: Record<string, unknown> = {};
  for (const call of ['readFile', 'readdir', 'rename', 'rm', 'stat', 'utimes'] as const) {
    const original: unknown = real[call];
    if (typeof original !== 'function') throw new Error(`No function ${call}`);
    overrides[call] = async (...args: unknown[]) => {
      const path = String(args[call === 'rename' ? 1 : 0]);
      const code = faults.codeOf(call, path);
      if (code) throw Object.assign(new Error(`${code}: ${call} ${path}`), { code });
      return original(...args);
    };
  }
  return { ...real, ...overrides };
}
