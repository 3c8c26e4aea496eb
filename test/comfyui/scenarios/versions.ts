import { type Scenario, scenario } from '../scenario.ts';

/** Versions of the server and what it offers. */
export const versions: readonly Scenario[] = [
  scenario('good-run', 'version 0.3.64, nothing wrong', 'succeed', {}),
  scenario(
    'new-version',
    'version 0.38.1: UUIDs only, `missing_node_type`, checked COMBO lists, background removal, `/api/jobs`',
    'succeed',
    { version: '0.38.1' },
  ),
  scenario('combo-lists', 'all lists have the COMBO form', 'read both forms', { comboLists: true }),
  scenario(
    'old-interrupt',
    'version 0.3.56: `/interrupt` stops whatever runs',
    "never interrupt others' prompts; report the version",
    { version: '0.3.56' },
  ),
  scenario('old-prompt-ids', 'version 0.3.44: the server chooses the ids of prompts', 'report the version', {
    version: '0.3.44',
  }),
  scenario('previews', 'a preview image at every step', 'show it', { previews: true }),
  scenario('sub-path', 'the server is under `/comfy`', 'keep the path of the base URL', { basePath: '/comfy' }),
  scenario(
    'unknown-events',
    'a custom pack sends text and binary events of its own; cached nodes are `executed` with `output: null`',
    'ignore them',
    {
      extraEvents: true,
    },
  ),
];
