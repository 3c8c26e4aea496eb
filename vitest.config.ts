import { defineConfig } from 'vitest/config';

/**
 * The other folders of test/ run elsewhere: inside VS Code, and in a browser. The time limit is there to end a test that hangs,
 * on a machine that is slow and busy too.
 */
export default defineConfig({ test: { include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } });
