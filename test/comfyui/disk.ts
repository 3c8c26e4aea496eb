import { createHash } from 'node:crypto';
import type { FolderType, StoredFile } from './controls.ts';

/** The input, output and temp folders, in memory. */
export class Disk {
  readonly #files = new Map<string, StoredFile>();
  readonly #counters = new Map<string, number>();

  get files(): readonly StoredFile[] {
    return [...this.#files.values()];
  }

  find(type: FolderType, subfolder: string, name: string): StoredFile | undefined {
    return this.#files.get(keyOf(type, subfolder, name));
  }

  write(file: StoredFile): void {
    this.#files.set(keyOf(file.type, file.subfolder, file.name), file);
  }

  /** Stores an upload. Without `overwrite`, a name that other bytes have gets a number. Returns the name. */
  upload({ type, subfolder, name, bytes }: StoredFile, overwrite: boolean): string {
    const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length;
    for (let number = 0; ; number++) {
      const free = number === 0 ? name : `${name.slice(0, dot)} (${number})${name.slice(dot)}`;
      const existing = this.find(type, subfolder, free);
      if (existing && !overwrite && !existing.bytes.equals(bytes)) continue;
      if (!existing?.bytes.equals(bytes)) this.write({ type, subfolder, name: free, bytes });
      return free;
    }
  }

  /** Stores a result under the next free number, and returns its place. */
  writeResult(type: FolderType, prefix: string, bytes: Buffer): StoredFile {
    const slash = prefix.lastIndexOf('/');
    const subfolder = prefix.slice(0, Math.max(0, slash));
    const counter = (this.#counters.get(`${type}/${prefix}`) ?? 0) + 1;
    this.#counters.set(`${type}/${prefix}`, counter);
    const name = `${prefix.slice(slash + 1)}_${String(counter).padStart(5, '0')}_.png`;
    const file = { type, subfolder, name, bytes };
    this.write(file);
    return file;
  }

  /** The file that a LoadImage names: `sub/name.png` in the input folder, or `sub/name.png [temp]`. */
  named(annotated: string): StoredFile | undefined {
    const match = /^(.*?)(?: \[(input|output|temp)\])?$/.exec(annotated);
    const path = match?.[1] ?? '';
    const slash = path.lastIndexOf('/');
    const type = folderTypes.find((one) => one === match?.[2]) ?? 'input';
    return this.find(type, path.slice(0, Math.max(0, slash)), path.slice(slash + 1));
  }

  removeAll(type: FolderType): void {
    for (const [key, file] of this.#files) if (file.type === type) this.#files.delete(key);
  }
}

export const folderTypes: readonly FolderType[] = ['input', 'output', 'temp'];

/** A hash of the bytes, as hexadecimal digits. */
export function hashOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function keyOf(type: FolderType, subfolder: string, name: string): string {
  return `${type}:${subfolder}/${name}`;
}
