import { familyOfName, type ModelFamily } from './modelFamily.ts';

const withSlashes = (name: string) => name.replaceAll('\\', '/').toLowerCase();
const fileOf = (name: string) => withSlashes(name).replace(/^.*\//, '');
const stemOf = (name: string) => fileOf(name).replace(/\.(?:safetensors|ckpt|sft)$/, '');

interface NamedModel {
  readonly name: string;
  readonly family: ModelFamily;
}

/** Whether two names mean the same file, as different systems write its path. */
export function isSameModel(name: string, other: string): boolean {
  return withSlashes(name) === withSlashes(other);
}

/**
 * Finds a model by a server's name for it. If there is none, a file that another server or a person may mean is found, in another folder or
 * with another extension, unless there are several, or it's known to be another kind of model.
 */
export function findModelNamed<Model extends NamedModel>(models: readonly Model[], wanted: string): Model | undefined {
  const same = models.find(({ name }) => name === wanted) ?? models.find(({ name }) => isSameModel(name, wanted));
  if (same) return same;
  const family = familyOfName(wanted);
  for (const form of [fileOf, stemOf]) {
    const [first, ...others] = models.filter(({ name }) => form(name) === form(wanted));
    if (!first) continue;
    if (others.some(({ name }) => !isSameModel(name, first.name))) return undefined;
    return family === 'unknown' || first.family === 'unknown' || family === first.family ? first : undefined;
  }
  return undefined;
}
