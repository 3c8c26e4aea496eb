/** Begins the lines of the test report, which share the console with all that VS Code has to say. */
export const mark = 'test|';
