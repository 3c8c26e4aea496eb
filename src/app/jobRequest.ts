import { basename, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceLocation } from '../images/source.ts';
import { MixFailure } from '../mix/failure.ts';
import { type DialectName, type EngineName, limitsOf } from '../mix/limits.ts';
import { enabledImages, parseRecipe, prepareRecipe, type RunnableRecipe } from '../mix/recipe.ts';
import { displayNames } from '../mix/displayNames.ts';
import type { Destination } from '../output/destination.ts';
import { keepSource } from '../output/sourceKeeper.ts';
import type { JobRequest } from '../jobs/job.ts';

/** What a job is planned from. Paths are absolute. */
export interface Plan {
  /** The recipe as parsed JSON; its sources are paths, `file:` URIs or http(s) URLs. */
  readonly recipe: unknown;
  /** Where relative sources start. */
  readonly base: string;
  /** The folder that the sources of the saved recipe are relative to; what lies outside is copied in. */
  readonly root: string;
  readonly engine: EngineName;
  readonly dialect: DialectName;
  readonly destination: Destination;
  /** A whole number from 0 to 2³²−1. */
  readonly drawSeed: () => number;
}

/**
 * Checks a recipe and makes it into a job: values in range, seed drawn, sources found and, from outside the root, copied in.
 * @throws MixFailure `invalid-recipe`, or what reading a source from outside says.
 */
export async function planJob(plan: Plan): Promise<JobRequest> {
  const parsed = parseRecipe(plan.recipe);
  const prepared = prepareRecipe(parsed.recipe, limitsOf(plan.engine, plan.dialect), plan.drawSeed);
  const recipe: RunnableRecipe = { ...prepared.recipe, images: [...prepared.recipe.images] };
  const used = enabledImages(recipe);
  const located = used.map(({ index, image }) => ({ index, image, location: locate(image.source, plan.base, index) }));
  const names = displayNames(located.map(({ location }) => pathOf(location)));
  const sources: JobRequest['sources'] = [];
  for (const [at, { index, image, location }] of located.entries()) {
    const name = names[at] ?? image.source;
    const kept = await bringIn(location, plan, index, name);
    recipe.images[index] = { ...image, source: portable(kept, plan.root) };
    sources.push({ index, name, weight: image.weight, location: kept });
  }
  // An image that is switched off is not read; its source becomes portable all the same.
  for (const [index, image] of recipe.images.entries()) {
    if (!image.enabled) recipe.images[index] = { ...image, source: portableName(image.source, plan, index) };
  }
  return {
    engine: plan.engine,
    recipe,
    sources,
    destination: plan.destination,
    name: recipe.prompt.trim() || names.map((name) => basename(name, extname(name))).join(' '),
    notices: [...parsed.notices, ...prepared.notices],
  };
}

/** Where a recipe's source is. @throws MixFailure `invalid-recipe` for an address that is no path and not http(s). */
export function locate(source: string, base: string, index: number): SourceLocation {
  if (/^https?:/i.test(source) && URL.canParse(source)) return { kind: 'url', url: source };
  if (/^file:/i.test(source) && URL.canParse(source)) return { kind: 'file', path: fileURLToPath(source) };
  if (/^[a-z][a-z0-9+.-]+:/i.test(source) || source.includes('\0')) {
    throw new MixFailure('invalid-recipe/bad-source', {
      field: `images.${index}`,
      image: index,
      args: { value: source.slice(0, 80) },
    });
  }
  return { kind: 'file', path: resolve(base, source) };
}

function pathOf(location: SourceLocation): string {
  return location.kind === 'file' ? location.path.split(sep).join('/') : location.url.replace(/[?#].*$/s, '');
}

async function bringIn(location: SourceLocation, plan: Plan, index: number, name: string): Promise<SourceLocation> {
  if (location.kind === 'url' || isInside(location.path, plan.root)) return location;
  try {
    const kept = await keepSource(location.path, plan.destination);
    return { kind: 'file', path: kept };
  } catch (error) {
    throw error instanceof MixFailure ? error.forImage(index, name) : error;
  }
}

/** Whether `path` lies in `folder` or below it, by name. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function portable(location: SourceLocation, root: string): string {
  return location.kind === 'url' ? location.url : relative(root, location.path).split(sep).join('/');
}

function portableName(source: string, plan: Plan, index: number): string {
  const location = locate(source, plan.base, index);
  if (location.kind === 'file' && !isInside(location.path, plan.root)) return basename(location.path);
  return portable(location, plan.root);
}

/** The folder for new pictures below `root`. @throws MixFailure `save-failed` where the setting points outside it. */
export function outputFolder(root: string, folder: string): string {
  const path = join(root, folder);
  if (isAbsolute(folder) || (path !== root && !isInside(path, root))) {
    throw new MixFailure('save-failed/folder-outside', { args: { folder }, retryable: false });
  }
  return path;
}
