import type { PropertyDeclarations } from 'lit';
import type { Draft } from '../../mix/draft.ts';
import type { UnusedPart } from '../../mix/limits.ts';
import type { EngineView } from '../../protocol/contract.ts';
import type { FieldMessages } from '../model/draftIssues.ts';
import { PanelElement } from './panelElement.ts';

/** A component that edits a part of the draft. */
export class DraftElement extends PanelElement {
  static override properties: PropertyDeclarations = {
    draft: { attribute: false },
    engine: { attribute: false },
    issues: { attribute: false },
    problems: { attribute: false },
  };
  declare draft: Draft;
  declare engine: EngineView;
  /** What the panel finds wrong with the draft. */
  declare issues: FieldMessages;
  /** What the host found wrong with the draft. */
  declare problems: FieldMessages;

  /** The message to show at a field. @param key as in `draftIssues`. */
  protected fieldMessage(key: string): string | undefined {
    return this.issues.get(key) ?? this.problems.get(key);
  }

  /** The note at a field without effect; undefined if it has one. */
  protected ignoredNote(part: UnusedPart): string | undefined {
    const { say } = this.panel;
    const { name, ignores, comfyui } = this.engine;
    if (!ignores.includes(part)) return undefined;
    switch (name) {
      case 'local':
        return say('panel.ignored.local');
      case 'comfyui':
        return say(comfyui?.workflow ? 'panel.ignored.workflow' : 'panel.ignored.model');
      case 'hosted':
        return say('panel.ignored');
    }
  }
}
