import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { workflowPicture } from '../../scripts/workflowPicture.ts';

const root = resolve(import.meta.dirname, '../..');

test('the documentation shows the built-in graph as it is: node scripts/draw-workflow.ts draws it', () => {
  expect(readFileSync(join(root, 'media/comfyui-workflow.svg'), 'utf8')).toBe(workflowPicture());
});

test('the documentation of workflows has the picture, which shows the titles that they need', () => {
  expect(readFileSync(join(root, 'docs/comfyui-workflows.md'), 'utf8')).toContain('](../media/comfyui-workflow.svg)');
  const titles = ['mix:image 1', 'mix:image 2', 'mix:weight 1', 'mix:weight 2', 'mix:seed mix:steps mix:guidance'];
  expect(titles.filter((title) => !workflowPicture().includes(`>${title}<`))).toEqual([]);
});
