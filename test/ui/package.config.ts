import { resolve } from 'node:path';
import { defineConfig } from '@playwright/test';
import config from './playwright.config.ts';

/** The tests of the packed extension, which `scripts/package.ts` makes before. */
export default defineConfig({
  ...config,
  testIgnore: [],
  testMatch: ['package.spec.ts', 'survival.spec.ts'],
  outputDir: resolve(import.meta.dirname, '../../test-results/package'),
});
