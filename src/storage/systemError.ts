/** The code of a system error, such as `ENOENT`; an empty string for any other error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** A handler for `catch` that ignores system errors with these codes. It throws any other error. */
export function ignore(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(systemCode(error))) throw error;
  };
}
