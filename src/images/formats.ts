/** The picture formats that the codec decodes. */
export const readableFormats = ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff', 'svg'] as const;
export type ReadableFormat = (typeof readableFormats)[number];
