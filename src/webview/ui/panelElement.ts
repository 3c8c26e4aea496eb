import { ContextConsumer, createContext } from '@lit/context';
import { LitElement } from 'lit';
import type { DraftPreview } from '../draftPreview.ts';
import type { Formats } from '../model/formats.ts';
import type { HostChannel, PanelActions } from '../model/panelActions.ts';
import type { PanelModel } from '../model/panelModel.ts';
import type { Say } from '../model/say.ts';
import type { ThumbnailCache } from '../thumbnailCache.ts';

/** What the components of the panel share. */
export interface Panel {
  readonly model: PanelModel;
  readonly actions: PanelActions;
  readonly host: Pick<HostChannel, 'call'>;
  readonly preview: DraftPreview;
  readonly thumbnails: ThumbnailCache;
  readonly formats: Formats;
  readonly say: Say;
}

/** The context that provides `Panel` to every component below the page's root element. */
export const panelContext = createContext<Panel>(Symbol('panel'));

/** A component of the panel. It renders without a shadow root, so that icons, theme and CSS apply to all components alike. */
export class PanelElement extends LitElement {
  readonly #panel = new ContextConsumer(this, { context: panelContext });

  /** @throws Error before the element is first connected below a provider of `panelContext`. */
  get panel(): Panel {
    const panel = this.#panel.value;
    if (!panel) throw new Error(`<${this.localName}> is not connected to the panel`);
    return panel;
  }

  override createRenderRoot(): HTMLElement {
    return this;
  }
}
