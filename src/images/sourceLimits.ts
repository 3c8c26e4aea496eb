/** The largest file that is read, in bytes. */
export const maxSourceBytes = 100 * 1024 * 1024;

/** The largest SVG document, in bytes: its text is parsed whole before anything is known of it. */
export const maxSvgBytes = 10 * 1024 * 1024;

/** The largest picture that is decoded, in millions of pixels. */
export const maxMegapixels = 100;
