import { AsyncLocalStorage } from 'node:async_hooks';
import type * as FileSystem from 'node:fs/promises';

/** What happens to one window's disk calls, by their count. */
export interface DiskPlan {
  /** Called before each call with its position, from 1, and its name. What it throws is the call's error. */
  before(count: number, name: string): void | Promise<void>;
  /** Called after each call that succeeded. */
  after?(count: number, name: string): void | Promise<void>;
}

/** The calls that are counted. Those of a file handle have the names of its methods. */
const functions = ['mkdir', 'readFile', 'readdir', 'rename', 'rm', 'stat', 'writeFile', 'link', 'realpath'] as const;
const methods: ReadonlySet<string | symbol> = new Set(['writeFile', 'sync']);

interface PlannedCalls {
  readonly plan: DiskPlan;
  count: number;
}
/** The open files, so that those of killed windows can be closed. */
const openFiles = new Set<FileSystem.FileHandle>();
const planned = new AsyncLocalStorage<PlannedCalls>();

/** Runs a window whose disk calls follow a plan. Everything that the window starts follows it too. */
export function withDisk<T>(plan: DiskPlan, run: () => T): T {
  return planned.run({ plan, count: 0 }, run);
}

/** Closes the files that killed windows had open. */
export async function closeAbandonedFiles(): Promise<void> {
  for (const file of openFiles) await file.close();
  openFiles.clear();
}

/** A system error as Node throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** `node:fs/promises`, with calls that follow the plan of the window that makes them. For `vi.mock`. */
export function plannedFileSystem(actual: typeof FileSystem): typeof FileSystem {
  const follow = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    const calls = planned.getStore();
    if (!calls) return call();
    const count = ++calls.count;
    await calls.plan.before(count, name);
    const result = await call();
    await calls.plan.after?.(count, name);
    return result;
  };
  const overrides: Record<string, unknown> = {
    open: (...args: Parameters<typeof FileSystem.open>) =>
      follow('open', async () => {
        const handle = await actual.open(...args);
        openFiles.add(handle);
        return new Proxy(handle, {
          get: (target, name) => {
            const member: unknown = Reflect.get(target, name, target);
            if (typeof member !== 'function') return member;
            if (name === 'close') openFiles.delete(target);
            if (!methods.has(name)) return member.bind(target);
            return (...values: unknown[]) => follow(`handle.${String(name)}`, () => member.apply(target, values));
          },
        });
      }),
  };
  for (const name of functions) {
    const original: unknown = actual[name];
    if (typeof original !== 'function') throw new Error(`No function ${name}`);
    overrides[name] = (...args: unknown[]) => follow(name, () => original(...args));
  }
  return { ...actual, ...overrides };
}
