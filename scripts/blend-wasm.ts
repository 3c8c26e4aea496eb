// Assembles the kernel's WebAssembly, src/kernel/blend/blend.wat, into blendWasm.ts next to it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import wabt from 'wabt';

const folder = join(import.meta.dirname, '../src/kernel/blend');
export const blendModulePath = join(folder, 'blendWasm.ts');

/** The TypeScript source of `blendWasm.ts`, with `blend.wat` assembled into it. */
export async function blendModule() {
  const { parseWat } = await wabt();
  const parsed = parseWat('blend.wat', await readFile(join(folder, 'blend.wat'), 'utf8'), { simd: true });
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  const text = Buffer.from(buffer).toString('base64');
  return `/** \`blend.wat\`, assembled by the build, in Base64. */\nexport const blendWasm =\n  '${text}';\n`;
}

/** Updates `blendWasm.ts` only if it changed: a running process may be reading it. */
export async function updateBlendModule() {
  const made = await blendModule();
  if ((await readFile(blendModulePath, 'utf8').catch(() => '')) !== made) await writeFile(blendModulePath, made);
}
