// Makes the kernel's WebAssembly from its text; the build keeps it in src/kernel/blendWasm.ts.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import wabt from 'wabt';

const kernel = join(import.meta.dirname, '../src/kernel');
export const blendModulePath = join(kernel, 'blendWasm.ts');

/** The module that holds the assembled `blend.wat`, as TypeScript. */
export async function blendModule() {
  const { parseWat } = await wabt();
  const parsed = parseWat('blend.wat', await readFile(join(kernel, 'blend.wat'), 'utf8'), { simd: true });
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  const text = Buffer.from(buffer).toString('base64');
  return `/** \`blend.wat\`, assembled by the build, in Base64. */\nexport const blendWasm =\n  '${text}';\n`;
}

/** Writes the module where it is not as the text would have it: what runs meanwhile may be reading it. */
export async function updateBlendModule() {
  const made = await blendModule();
  if ((await readFile(blendModulePath, 'utf8').catch(() => '')) !== made) await writeFile(blendModulePath, made);
}
