import { defineConfig } from 'vitest/config';

/** The other folders of test/ run elsewhere: inside VS Code, and in a browser. */
export default defineConfig({ test: { include: ['test/unit/**/*.test.ts'] } });
