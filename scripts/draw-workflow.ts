// Draws media/comfyui-workflow.svg, the built-in graph as the documentation shows it.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { workflowPicture } from './workflowPicture.ts';

await writeFile(resolve(import.meta.dirname, '../media/comfyui-workflow.svg'), workflowPicture());
