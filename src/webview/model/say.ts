import { fillPlaceholders, type SentenceParameters } from '../../mix/sentence.ts';
import type { PanelStringId, panelStrings } from '../../protocol/panelStrings.ts';

/** Returns a sentence in the display language. `args` holds exactly the values that the sentence has placeholders for. */
export type Say = <Id extends PanelStringId>(
  id: Id,
  ...parameters: SentenceParameters<(typeof panelStrings)[Id]>
) => string;

/** Looks up sentences among those the host sent and formats the numbers in them for `language`. */
export function createSay(strings: Readonly<Record<string, string>>, language: string): Say {
  const numbers = new Intl.NumberFormat(language, { useGrouping: 'min2' }); // 1024 and 10,240
  return (id, ...[args = {}]) =>
    fillPlaceholders(
      strings[id] ?? id,
      Object.fromEntries(
        Object.entries(args).map(([name, value]) => [name, typeof value === 'number' ? numbers.format(value) : value]),
      ),
    );
}
