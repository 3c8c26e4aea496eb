import { basename, extname, relative, sep } from 'node:path';
import type { ServiceSettings } from '../engines/hosted/service.ts';
import type { SourceLocation } from '../images/sourceReader.ts';
import type { Home, JobRequest } from '../jobs/job.ts';
import { displayNames } from '../mix/displayNames.ts';
import { MixFailure } from '../mix/failure.ts';
import { type EngineName, limitsOf } from '../mix/limits.ts';
import { enabledImages, prepareRecipe, type RunnableRecipe } from '../mix/recipe.ts';
import { type Destination, isInside } from '../output/outputFolder.ts';
import { copySourceIntoProject } from '../output/sourceCopy.ts';
import type { ParsedRecipe } from './recipeFile.ts';
import { locateSource } from './sourceLocation.ts';

/** The input of a job request. Paths are absolute. */
export interface JobInput extends ParsedRecipe {
  readonly home: Home;
  /** The folder that relative sources start from. */
  readonly base: string;
  /** The folder that sources of the saved recipe are relative to. Images from outside it are copied into the output folder. */
  readonly root: string;
  readonly engine: EngineName;
  /** The hosted service of the moment. */
  readonly service: ServiceSettings;
  readonly destination: Destination;
  /** Returns a whole number from 0 to 2³²−1. */
  readonly drawSeed: () => number;
}

/**
 * Creates a job request from a recipe: checks the engine's limits, draws the seed, locates the sources and copies those from
 * outside the root.
 * @throws MixFailure `invalid-recipe`, or the failure of reading a source.
 */
export async function createJobRequest(input: JobInput): Promise<JobRequest> {
  const { home, engine, service, base, root, destination, drawSeed } = input;
  const prepared = prepareRecipe(input.recipe, limitsOf(engine, service.dialect), drawSeed);
  const recipe: RunnableRecipe = { ...prepared.recipe, images: [...prepared.recipe.images] };
  const located = enabledImages(recipe).map(({ index, image }) => ({
    index,
    image,
    location: locateSource(image.source, base, index),
  }));
  const names = displayNames(located.map(({ location }) => pathOf(location)));
  const sources: JobRequest['sources'] = [];
  for (const [at, { index, image, location }] of located.entries()) {
    const name = names[at] ?? image.source;
    const imported = await importOutside(location, input, index, name);
    recipe.images[index] = { ...image, source: portableSource(imported, root) };
    sources.push({ index, name, weight: image.weight, location: imported });
  }
  // A disabled image isn't read, but the saved recipe names it without an absolute path too.
  for (const [index, image] of recipe.images.entries()) {
    if (image.enabled) continue;
    const location = locateSource(image.source, base, index);
    const isOutside = location.kind === 'file' && !isInside(location.path, root);
    recipe.images[index] = {
      ...image,
      source: isOutside ? basename(location.path) : portableSource(location, root),
    };
  }
  return {
    home,
    engine,
    ...(engine === 'hosted' ? { service } : {}),
    recipe,
    sources,
    destination,
    name: recipe.prompt.trim() || names.map((name) => basename(name, extname(name))).join(' '),
    notices: [...input.notices, ...prepared.notices],
  };
}

function pathOf(location: SourceLocation): string {
  return location.kind === 'file' ? location.path.split(sep).join('/') : location.url.replace(/[?#].*$/s, '');
}

async function importOutside(
  location: SourceLocation,
  { root, destination }: JobInput,
  index: number,
  name: string,
): Promise<SourceLocation> {
  if (location.kind === 'url' || isInside(location.path, root)) return location;
  try {
    return { kind: 'file', path: await copySourceIntoProject(location.path, destination) };
  } catch (error) {
    throw error instanceof MixFailure ? error.forImage(index, name) : error;
  }
}

function portableSource(location: SourceLocation, root: string): string {
  return location.kind === 'url' ? location.url : relative(root, location.path).split(sep).join('/');
}
