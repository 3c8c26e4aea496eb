/** Formats numbers, durations and times in the display language. */
export class Formats {
  readonly #language: string;
  readonly #percent: Intl.NumberFormat;
  readonly #seconds: Intl.NumberFormat;
  readonly #minutes: Intl.NumberFormat;
  readonly #gigabytes: Intl.NumberFormat;
  readonly #numbers: Intl.NumberFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #dateTime: Intl.DateTimeFormat;

  constructor(language: string) {
    const unit = (name: string, digits = 0) =>
      new Intl.NumberFormat(language, {
        style: 'unit',
        unit: name,
        unitDisplay: 'short',
        maximumFractionDigits: digits,
      });
    this.#language = language;
    this.#percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
    this.#seconds = unit('second');
    this.#minutes = unit('minute');
    this.#gigabytes = unit('gigabyte', 1);
    this.#numbers = new Intl.NumberFormat(language);
    this.#time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
    this.#dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  }

  /** @param fraction 0 to 1. */
  percent(fraction: number): string {
    return this.#percent.format(fraction);
  }

  number(value: number): string {
    return this.#numbers.format(value);
  }

  gigabytes(bytes: number): string {
    return this.#gigabytes.format(bytes / 1024 ** 3);
  }

  /** Seconds, or minutes from 90 seconds up, rounded up to a whole number. */
  duration(seconds: number): string {
    return seconds < 90 ? this.#seconds.format(Math.ceil(seconds)) : this.#minutes.format(Math.ceil(seconds / 60));
  }

  /** @param currency an ISO 4217 code such as USD. Anything else, such as `credits`, is appended as it is. */
  money({ amount, currency }: { amount: number; currency: string }): string {
    return /^[A-Za-z]{3}$/.test(currency)
      ? new Intl.NumberFormat(this.#language, { style: 'currency', currency }).format(amount)
      : `${new Intl.NumberFormat(this.#language).format(amount)} ${currency}`;
  }

  /** The time of day, with the date unless it's today. @param moment milliseconds since 1970. */
  moment(moment: number, now = Date.now()): string {
    const isToday = new Date(moment).toDateString() === new Date(now).toDateString();
    return (isToday ? this.#time : this.#dateTime).format(moment);
  }
}
