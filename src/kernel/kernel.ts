/**
 * The arithmetic of the local mix: pictures in, picture out, the same bits on every machine. It knows neither Node nor a browser.
 *
 * `look` and `framings` choose what of each picture is used, `prepare` does all that does not depend on weights, `mix` the rest.
 */
export { type Coverage, coverage } from './coverage.ts';
export { type Framing, type FramingRequest, framings, type Look, look } from './framing.ts';
export { type MixSettings, mix } from './mix.ts';
export { type Checkpoint, type Prepared, type PrepareOptions, prepare, weighPrepared } from './prepare.ts';
export { mixRasters, type WholeMix } from './whole.ts';
