import type { ReactiveController, ReactiveControllerHost } from 'lit';

/**
 * Keeps the keyboard where it was while a list is drawn anew: on the same control when its item has moved, and where the
 * item is gone on the same control of the item that took its place, else on what `otherwise` finds.
 */
export class FocusKeeper implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #items: string;
  readonly #control: string;
  readonly #otherwise: () => HTMLElement | null;
  #focused: HTMLElement | undefined;
  #place = -1;

  /** @param items selector of the list's items; @param control selector of the control within an item that takes over. */
  constructor(
    host: ReactiveControllerHost & HTMLElement,
    items: string,
    control: string,
    otherwise: () => HTMLElement | null = () => null,
  ) {
    this.#host = host;
    this.#items = items;
    this.#control = control;
    this.#otherwise = otherwise;
    host.addController(this);
  }

  hostUpdate(): void {
    const { activeElement } = document;
    const isInside = activeElement instanceof HTMLElement && this.#host.contains(activeElement);
    this.#focused = isInside ? activeElement : undefined;
    this.#place = this.#all().findIndex((item) => item.contains(activeElement));
  }

  hostUpdated(): void {
    const focused = this.#focused;
    if (!focused || this.#place < 0 || document.activeElement === focused) return;
    if (focused.isConnected) {
      focused.focus();
      return;
    }
    const items = this.#all();
    const item = items[Math.min(this.#place, items.length - 1)];
    (item?.querySelector<HTMLElement>(this.#control) ?? this.#otherwise())?.focus();
  }

  #all(): Element[] {
    return [...this.#host.querySelectorAll(this.#items)];
  }
}
