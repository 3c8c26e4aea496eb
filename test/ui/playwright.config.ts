import { resolve } from 'node:path';
import { defineConfig } from '@playwright/test';

/** Each test starts its own VS Code, which uses a small machine fully, so tests run one at a time. The time limits only end tests that hang. */
export default defineConfig({
  testDir: import.meta.dirname,
  testIgnore: ['package.spec.ts', 'survival.spec.ts', 'homes.spec.ts'],
  outputDir: resolve(import.meta.dirname, '../../test-results/ui'),
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 300_000,
  expect: { timeout: 45_000 },
  reporter: 'list',
  use: { screenshot: 'only-on-failure', actionTimeout: 45_000 },
});
