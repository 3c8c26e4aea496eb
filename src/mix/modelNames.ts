const withSlashes = (name: string) => name.replaceAll('\\', '/').toLowerCase();
const fileOf = (name: string) => withSlashes(name).replace(/^.*\//, '');
const stemOf = (name: string) => fileOf(name).replace(/\.(?:safetensors|ckpt|sft)$/, '');

/** The forms by which names are compared, from the strictest to the loosest. */
const forms: readonly ((name: string) => string)[] = [(name) => name, withSlashes, fileOf, stemOf];

/** Finds a model by a server's name for it, or by the same path or file name as another server or a person may write it. */
export function findModelNamed<Model extends { readonly name: string }>(
  models: readonly Model[],
  wanted: string,
): Model | undefined {
  for (const form of forms) {
    const found = models.find(({ name }) => form(name) === form(wanted));
    if (found) return found;
  }
  return undefined;
}
