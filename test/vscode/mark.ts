/** Prefix of the test report's lines, which share the console with VS Code's own output. */
export const mark = 'test|';
