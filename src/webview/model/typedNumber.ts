const decimal = /^[+-]?(?:\d+[.,]?\d*|[.,]\d+)$/;

/** What was typed, as a number where it is one (with a point or a comma), else as the text itself, so that nothing typed is lost. */
export function parseNumber(text: string): number | string {
  const trimmed = text.trim();
  return decimal.test(trimmed) ? Number(trimmed.replace(',', '.')) : text;
}

/** How a field shows its value. */
export function formatNumber(value: number | string | null): string {
  return value === null ? '' : String(value);
}

/** Moves a number by steps onto the grid of the step, within the range; text counts as the lower end. */
export function stepNumber(
  value: number | string | null,
  by: number,
  { min, max, step }: { min: number; max: number; step: number },
): number {
  const from = typeof value === 'number' && Number.isFinite(value) ? value : min;
  const steps = by > 0 ? Math.floor(from / step + 1e-9) + by : Math.ceil(from / step - 1e-9) + by;
  return Math.min(max, Math.max(min, roundTo(steps * step, step)));
}

/** The nearest multiple of `step`, without the dust of binary fractions. */
export function roundTo(value: number, step: number): number {
  const digits = (String(step).split('.')[1] ?? '').length;
  return Number((Math.round(value / step) * step).toFixed(digits));
}
