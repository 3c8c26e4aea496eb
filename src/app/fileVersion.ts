import { basename, extname } from 'node:path/posix';
import * as z from 'zod';
import { maxSourceBytes, tooManyBytes } from '../images/imageLimits.ts';
import { MixFailure } from '../mix/failure.ts';
import type { FailureKey } from '../mix/failureTable.ts';
import { hideUserInfo } from '../mix/portable.ts';
import { schemeOf } from './addressScheme.ts';

/** An address of VS Code: `git:/project/a.png?{"path":"/project/a.png","ref":"HEAD"}`. */
export interface VersionAddress {
  readonly scheme: string;
  readonly path: string;
  readonly query: string;
}

/** What Git, pull request and history extensions say in the query about the version. */
const querySchema = z.object({
  path: z.string().optional().catch(undefined),
  ref: z.string().optional().catch(undefined),
  commit: z.string().optional().catch(undefined),
});

/** What VS Code calls versions that Git has no name for. The second is what the working tree is compared with. */
const specialRefs: ReadonlyMap<string, string> = new Map([
  ['', 'Index'],
  ['~', 'HEAD'],
]);

/** The name of a file in a version that isn't on disk, such as `a (HEAD).png`. It is a valid file name on every system. */
export function nameOfVersion(address: VersionAddress): string {
  const { path = address.path, ref, commit } = queryOf(address.query);
  const name = basename(path.replaceAll('\\', '/')) || 'image.png';
  const extension = extname(name);
  const version = ref ?? commit ?? address.scheme;
  const shown = /^[0-9a-f]{40,64}$/.test(version) ? version.slice(0, 8) : version;
  const label = (specialRefs.get(shown) ?? shown).slice(0, 40);
  const full = `${name.slice(0, name.length - extension.length)} (${label})${extension}`;
  return full.replace(/[\p{Cc}<>:"/\\|?*]+/gu, '-');
}

/** The path of the file that an address is a version of, as the address has it. */
export function pathOfVersion(address: VersionAddress): string {
  return queryOf(address.query).path ?? address.path;
}

function queryOf(query: string): z.infer<typeof querySchema> {
  try {
    return querySchema.catch({}).parse(JSON.parse(query));
  } catch (error) {
    if (error instanceof SyntaxError) return {}; // a query of another kind
    throw error;
  }
}

/** Schemes that images are imported by, or that mean nothing to VS Code. Files on a remote are local to the extension. */
const otherSchemes = ['file', 'http', 'https', 'data', 'vscode-remote', 'blob', 'about', 'javascript', 'mailto'];

/** Whether only VS Code can read what is at an address: a version of a file, for example. */
export function isOnlyInEditor(address: string): boolean {
  const scheme = schemeOf(address);
  return scheme !== undefined && !otherSchemes.includes(scheme);
}

/** A version of a file, as VS Code's file system reads it. What the methods throw is an error with a message for users. */
export interface VersionContent {
  /** In bytes. 0 if it isn't known. */
  size(): Promise<number>;
  read(): Promise<Uint8Array>;
}

/** The bytes of an image that messages call `imageName`. @throws MixFailure `unreadable-image`, `image-too-large`. */
export async function readImageVersion(imageName: string, content: VersionContent): Promise<Uint8Array> {
  try {
    const size = await content.size();
    if (size > maxSourceBytes) throw tooManyBytes(size, maxSourceBytes);
    const bytes = await content.read();
    if (bytes.length > maxSourceBytes) throw tooManyBytes(bytes.length, maxSourceBytes);
    if (bytes.length === 0) throw new MixFailure('unreadable-image/empty');
    return bytes;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    if (cause instanceof MixFailure) throw new MixFailure<FailureKey>(cause.key, { args: cause.args, imageName });
    throw new MixFailure('unreadable-image/version', {
      imageName,
      args: { detail: hideUserInfo(cause.message) },
      cause,
    });
  }
}
