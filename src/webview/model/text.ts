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

/** Numbers, durations and times in the display language. */
export class Formats {
  readonly #language: string;
  readonly #percent: Intl.NumberFormat;
  readonly #seconds: Intl.NumberFormat;
  readonly #minutes: Intl.NumberFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #dateTime: Intl.DateTimeFormat;

  constructor(language: string) {
    const unit = (name: string) =>
      new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: 0 });
    this.#language = language;
    this.#percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
    this.#seconds = unit('second');
    this.#minutes = unit('minute');
    this.#time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
    this.#dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  }

  /** @param fraction 0 to 1. */
  percent(fraction: number): string {
    return this.#percent.format(fraction);
  }

  /** @param seconds rounded up, told in minutes from 90 on. */
  duration(seconds: number): string {
    return seconds < 90 ? this.#seconds.format(Math.ceil(seconds)) : this.#minutes.format(Math.ceil(seconds / 60));
  }

  /** @param currency a code such as USD; the service's own word where it is none. */
  money({ amount, currency }: { amount: number; currency: string }): string {
    return /^[A-Za-z]{3}$/.test(currency)
      ? new Intl.NumberFormat(this.#language, { style: 'currency', currency }).format(amount)
      : `${new Intl.NumberFormat(this.#language).format(amount)} ${currency}`;
  }

  /** The time of day, or with the date where it was another day. @param moment milliseconds since 1970. */
  moment(moment: number, now = Date.now()): string {
    const isToday = new Date(moment).toDateString() === new Date(now).toDateString();
    return (isToday ? this.#time : this.#dateTime).format(moment);
  }
}
