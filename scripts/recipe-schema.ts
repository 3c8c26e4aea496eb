// Writes media/recipe.schema.json, which the editor validates *.mix.json files with, from the schema that parses them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { recipeSchema } from '../src/mix/recipe.ts';

const schema = { ...z.toJSONSchema(recipeSchema, { io: 'input' }), title: 'Mix recipe', allowComments: false };
await writeFile(join(import.meta.dirname, '..', 'media', 'recipe.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
