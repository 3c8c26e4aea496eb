/** Where the bytes of a source image are: an absolute path of this machine, or an http(s) URL. */
export type SourceLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** Reads the bytes of a source, within the limits of size and the address guard. */
export interface SourceReader {
  /** @throws MixFailure `unreadable-image`, `unsupported-image`, `image-too-large`, `blocked-address` or `network`. */
  read(location: SourceLocation, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}
