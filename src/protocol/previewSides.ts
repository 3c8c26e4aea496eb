/** The squares, in pixels, that the preview's images are requested to cover: first a small one, so that something shows soon. */
export const previewSides = { first: 192, full: 768 } as const;
