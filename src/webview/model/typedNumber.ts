const decimal = /^[+-]?(?:\d+[.,]?\d*|[.,]\d+)$/;

/** A number typed with a decimal point or comma. Any other text is returned unchanged, so that no input is lost. */
export function parseNumber(text: string): number | string {
  const trimmed = text.trim();
  return decimal.test(trimmed) ? Number(trimmed.replace(',', '.')) : text;
}

/** The text of a number field. */
export function formatNumber(value: number | string | null): string {
  return value === null ? '' : String(value);
}

/** Moves a number by `by` steps to a multiple of `step`, within the range. Text counts as the minimum. */
export function stepNumber(
  value: number | string | null,
  by: number,
  { min, max, step }: { min: number; max: number; step: number },
): number {
  const from = typeof value === 'number' && Number.isFinite(value) ? value : min;
  const steps = by > 0 ? Math.floor(from / step + 1e-9) + by : Math.ceil(from / step - 1e-9) + by;
  return Math.min(max, Math.max(min, roundTo(steps * step, step)));
}

/** The nearest multiple of `step`, without floating-point error: 0.15 and not 0.15000000000000002. */
export function roundTo(value: number, step: number): number {
  const digits = (String(step).split('.')[1] ?? '').length;
  return Number((Math.round(value / step) * step).toFixed(digits));
}
