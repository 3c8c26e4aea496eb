/** The formats that a result can have. */
export const resultFormats = ['png', 'jpeg', 'webp'] as const;
export type ResultFormat = (typeof resultFormats)[number];
