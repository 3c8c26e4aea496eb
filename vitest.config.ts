import { defineConfig } from 'vitest/config';

/**
 * The other folders of test/ run inside VS Code and in a browser. The time limit only ends tests that hang, so it suits a slow and
 * busy machine too.
 */
export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    testTimeout: 60_000,
    retry: 0,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: [
        // Tested in VS Code, in a browser, or as a command.
        'src/{extension,cli}.ts',
        'src/cli/**',
        'src/workbench/**',
        'src/webview/*.ts',
        'src/webview/ui/**',
        // Runs in worker threads from dist/, which V8 doesn't report.
        'src/**/*Worker.ts',
        'src/engines/local/kernelHandler.ts',
        'src/images/codecOperations.ts',
        // Generated.
        'src/**/blendWasm.ts',
      ],
      reporter: [['text', { skipFull: true }], 'html'],
      reportsDirectory: '.coverage',
      thresholds: { 'src/app/**': { lines: 90 } },
    },
  },
});
