import { resolve } from 'node:path';
import { defineConfig } from '@playwright/test';
import type { FixtureOptions } from './fixtures.ts';
import config from './playwright.config.ts';

/** Tests of the VSIX that `scripts/package.ts` creates: all in the newest VS Code, the main one in the oldest too. */
export default defineConfig<FixtureOptions>({
  ...config,
  outputDir: resolve(import.meta.dirname, '../../test-results/package'),
  projects: [
    {
      name: 'newest',
      testIgnore: [],
      testMatch: ['package.spec.ts', 'survival.spec.ts', 'homes.spec.ts'],
      use: { release: 'newest' },
    },
    { name: 'oldest', testIgnore: [], testMatch: ['package.spec.ts'], use: { release: 'oldest' } },
  ],
});
