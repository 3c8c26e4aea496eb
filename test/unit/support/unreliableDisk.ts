import type fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** What happens at a call that fails: an error with this code, or something else before the real call. */
type Fault = string | (() => unknown);

/**
 * Lets single calls of `node:fs/promises` fail. A failing `writeFile` of an open file first writes half of its content.
 * For `vi.mock('node:fs/promises', async (original) => ({ ...(await original()), ...disk.wrap(await original()) }))`.
 */
class UnreliableDisk {
  /** The names of the calls since `fail`, `heal` or the start. */
  readonly calls: string[] = [];
  #isFaulty: (name: string, at: number) => boolean = () => false;
  #fault: Fault = '';

  /** Lets the calls fail that `isFaulty` selects by name and position, from 1. */
  fail(fault: Fault, isFaulty: (name: string, at: number) => boolean): void {
    this.calls.length = 0;
    this.#fault = fault;
    this.#isFaulty = isFaulty;
  }

  heal(): void {
    this.fail('', () => false);
  }

  /** Functions like the real ones, with faults. */
  wrap({ link, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, stat, utimes }: typeof fs) {
    const faulty =
      <Args extends unknown[], Result>(name: string, call: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        if (this.#isNextFaulty(name)) await this.#break(name);
        return call(...args);
      };
    return {
      link: faulty('link', link),
      lstat: faulty('lstat', lstat),
      mkdir: faulty('mkdir', mkdir),
      open: faulty('open', async (...args: Parameters<typeof open>) => this.#wrapHandle(await open(...args))),
      readdir: faulty('readdir', readdir),
      readFile: faulty('readFile', readFile),
      realpath: faulty('realpath', realpath),
      rename: faulty('rename', rename),
      rm: faulty('rm', rm),
      stat: faulty('stat', stat),
      utimes: faulty('utimes', utimes),
    };
  }

  #wrapHandle(handle: FileHandle): FileHandle {
    return new Proxy(handle, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          const isFaulty = this.#isNextFaulty(String(name));
          if (isFaulty && name === 'writeFile') await target.writeFile(halfOf(args[0]));
          if (isFaulty && name === 'close') await target.close();
          if (isFaulty) await this.#break(String(name));
          return Reflect.apply(value, target, args);
        };
      },
    });
  }

  #isNextFaulty(name: string): boolean {
    this.calls.push(name);
    return this.#isFaulty(name, this.calls.length);
  }

  async #break(name: string): Promise<void> {
    if (typeof this.#fault === 'function') await this.#fault();
    else throw Object.assign(new Error(`${name} fails: ${this.#fault}`), { code: this.#fault });
  }
}

function halfOf(content: unknown): string | Uint8Array {
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) throw new TypeError('Expected a text or bytes');
  return content.slice(0, content.length / 2);
}

/** The disk of this process. */
export const disk = new UnreliableDisk();
