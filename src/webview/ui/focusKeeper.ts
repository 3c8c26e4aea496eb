import type { ReactiveController, ReactiveControllerHost } from 'lit';

/**
 * Keeps the keyboard focus in a list when it renders. A moved item keeps the focus. If the focused item was removed, the focus moves
 * to the item that is now at its position, or to the fallback if the list is empty.
 */
export class FocusKeeper implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #items: string;
  readonly #control: string;
  readonly #fallback: () => HTMLElement | null;
  #focused: HTMLElement | undefined;
  #index = -1;

  /**
   * @param items selector of the list's items.
   * @param control selector of the control in an item that gets the focus of a removed one.
   */
  constructor(
    host: ReactiveControllerHost & HTMLElement,
    items: string,
    control: string,
    fallback: () => HTMLElement | null = () => null,
  ) {
    this.#host = host;
    this.#items = items;
    this.#control = control;
    this.#fallback = fallback;
    host.addController(this);
  }

  hostUpdate(): void {
    const { activeElement } = document;
    const isInside = activeElement instanceof HTMLElement && this.#host.contains(activeElement);
    this.#focused = isInside ? activeElement : undefined;
    this.#index = this.#listItems().findIndex((item) => item.contains(activeElement));
  }

  hostUpdated(): void {
    const focused = this.#focused;
    if (!focused || this.#index < 0 || document.activeElement === focused) return;
    if (focused.isConnected) {
      focused.focus();
      return;
    }
    const items = this.#listItems();
    const item = items[Math.min(this.#index, items.length - 1)];
    (item?.querySelector<HTMLElement>(this.#control) ?? this.#fallback())?.focus();
  }

  #listItems(): Element[] {
    return [...this.#host.querySelectorAll(this.#items)];
  }
}
