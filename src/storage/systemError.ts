/** The code of a system error, such as `ENOENT`; an empty string for any other error. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:E[A-Z0-9]+|UNKNOWN)$/.test(code) ? code : ''; // `ERR_…` is a mistake in the program, and `ABORT_ERR` an abort
}

/** A handler for `catch` that ignores system errors with these codes. It throws any other error. */
export function ignore(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(systemCode(error))) throw error;
  };
}

/** A handler for `catch` that ignores every system error, for cleaning up after work that is done. It throws any other error. */
export function ignoreSystemError(error: unknown): undefined {
  if (systemCode(error) === '') throw error;
}
