import fs from 'node:fs';

/**
 * Takes the ways to open files away from the calling worker thread, and from no other. The decoders reach the disk through
 * `node:fs`, and an SVG may name any file of the machine as a part of itself.
 */
export function closeFileSystem(): void {
  for (const name of ['openSync', 'readFileSync', 'readlinkSync', 'readdirSync', 'writeFileSync']) {
    Reflect.set(fs, name, () => {
      throw Object.assign(new Error('This thread opens no files'), { code: 'ENOENT' });
    });
  }
}
