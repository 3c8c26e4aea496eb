import { imageUrlOf } from './imagePages.ts';
import type { Disposable } from './ports.ts';
import { hasCredentials, isWebUrl, userInfoOf, withoutCredentials, withUserInfo } from './webUrl.ts';

/**
 * The users and passwords of web images, in memory until the window closes. Drafts, recipes, jobs and results have URLs without them,
 * so that no disk, log or message ever sees them.
 */
export class WebCredentials {
  /** The `user:password` of image URLs. */
  readonly #userInfo = new Map<string, string>();
  readonly #listeners = new Set<(url: string) => void>();

  /** Calls the listener with the URL, without user and password, for which others are remembered now. */
  onChange(listener: (url: string) => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** A URL without user and password, which are remembered for it. Any other text is returned as it is. */
  take(text: string): string {
    const address = text.trim();
    if (!isWebUrl(address) || !hasCredentials(address)) return text;
    const url = withoutCredentials(address);
    const userInfo = userInfoOf(address);
    const image = imageUrlOf(url);
    const isKnown = this.#userInfo.get(image) === userInfo;
    if (isKnown || new URL(image).origin !== new URL(url).origin) return url;
    this.#userInfo.set(image, userInfo);
    for (const listener of this.#listeners) listener(url);
    return url;
  }

  /** The same for every text of an image in a recipe, such as its source. */
  takeFrom<Image extends object>(image: Image): Image {
    const taken = Object.entries(image).filter(([, value]) => typeof value === 'string' && this.take(value) !== value);
    return { ...image, ...Object.fromEntries(taken.map(([key, value]) => [key, this.take(value)])) };
  }

  /** Whether a user and password are remembered for an image URL. */
  has(url: string): boolean {
    return this.#userInfo.has(url);
  }

  /** The address to download an image URL from: with the user and password that are remembered for it. */
  addressOf(url: string): string {
    const userInfo = this.#userInfo.get(url);
    return userInfo === undefined ? url : withUserInfo(url, userInfo);
  }
}
