import { LitElement } from 'lit';
import type { Actions, Host } from '../model/actions.ts';
import type { PanelModel } from '../model/panelModel.ts';
import type { Formats, Say } from '../model/text.ts';
import type { Thumbnails } from '../thumbnails.ts';

/** What every part of the panel works with. */
export interface Panel {
  readonly model: PanelModel;
  readonly actions: Actions;
  readonly host: Pick<Host, 'call'>;
  readonly thumbnails: Thumbnails;
  readonly formats: Formats;
  readonly say: Say;
}

/** A part of the panel. It draws into the page itself, not a shadow tree: icons, theme and CSS are shared by all parts. */
export class PanelElement extends LitElement {
  static override properties = { panel: { attribute: false } };
  declare panel: Panel;

  override createRenderRoot(): HTMLElement {
    return this;
  }
}
