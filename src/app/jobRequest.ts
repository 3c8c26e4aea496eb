import { basename, extname, sep } from 'node:path';
import type { ComfyuiSettings } from '../engines/comfyui/comfyuiSettings.ts';
import type { ServiceSettings } from '../engines/hosted/service.ts';
import type { SourceLocation } from '../images/sourceReader.ts';
import type { Home, JobRequest } from '../jobs/job.ts';
import { displayNames } from '../mix/displayNames.ts';
import { MixFailure } from '../mix/failure.ts';
import { type EngineName, limitsOf } from '../mix/limits.ts';
import type { Notice } from '../mix/notice.ts';
import { enabledImages, prepareRecipe, type RunnableRecipe } from '../mix/recipe.ts';
import { type Destination, isInside } from '../output/outputFolder.ts';
import { copySourceIntoProject } from '../output/sourceCopy.ts';
import { findSpelling } from '../storage/spelling.ts';
import { usesService } from './engineChoice.ts';
import type { ParsedRecipe } from './recipeFile.ts';
import { locateSource, portableSource } from './sourceLocation.ts';

/** The input of a plan. Paths are absolute. */
export interface PlanInput extends ParsedRecipe {
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

/** A mix of which nothing was read, copied or sent yet, so that trust and consent can be checked first. */
export interface MixPlan {
  readonly input: PlanInput;
  readonly recipe: RunnableRecipe;
  readonly notices: readonly Notice[];
  /** The images that take part. */
  readonly sources: readonly PlannedSource[];
}

/** An image that takes part in a mix. */
export interface PlannedSource {
  /** Position in `recipe.images`. */
  readonly index: number;
  readonly name: string;
  readonly weight: number;
  readonly location: SourceLocation;
}

/** Plans a mix: checks the engine's limits, draws the seed and locates the sources. @throws MixFailure `invalid-recipe`. */
export async function planMix(input: PlanInput): Promise<MixPlan> {
  const { engine, service, base, root, drawSeed } = input;
  const { recipe, notices } = prepareRecipe(input.recipe, limitsOf(engine, service.dialect), drawSeed);
  // A disabled image isn't read, but the saved recipe names it without an absolute path too.
  const images = recipe.images.map((image, index) => {
    if (image.enabled) return image;
    const location = locateSource(image.source, base, index);
    const isOutside = location.kind === 'file' && !isInside(location.path, root);
    return { ...image, source: isOutside ? basename(location.path) : portableSource(location, root) };
  });
  const named = enabledImages(recipe).map(({ index, image }) => ({
    index,
    weight: image.weight,
    source: image.source,
    location: locateSource(image.source, base, index),
  }));
  const located = await Promise.all(
    named.map(async ({ location, ...rest }) => ({ ...rest, location: await asSpelled(location) })),
  );
  const names = displayNames(located.map(({ location }) => pathOf(location)));
  const sources = located.map(({ source, ...rest }, at) => ({ ...rest, name: names[at] || source }));
  return { input, recipe: { ...recipe, images }, notices: [...input.notices, ...notices], sources };
}

/**
 * Creates the job request of a plan, and copies the sources from outside the root.
 * @param comfyui how a mix on a ComfyUI server is made; undefined for other engines.
 * @throws MixFailure of reading or saving one.
 */
export async function createJobRequest(
  { input, recipe, notices, sources }: MixPlan,
  home: Home,
  comfyui?: ComfyuiSettings,
): Promise<JobRequest> {
  const { engine, service, root, destination } = input;
  const images = [...recipe.images];
  const imported: JobRequest['sources'] = [];
  for (const source of sources) {
    const location = await importOutside(source, input);
    imported.push({ ...source, location });
    const image = images[source.index];
    if (image) images[source.index] = { ...image, source: portableSource(location, root) };
  }
  return {
    home,
    engine,
    ...(usesService(engine) ? { service } : {}),
    ...(comfyui ? { comfyui } : {}),
    recipe: { ...recipe, images },
    sources: imported,
    destination,
    name: recipe.prompt.trim() || sources.map(({ name }) => basename(name, extname(name))).join(' '),
    notices: [...notices],
  };
}

function pathOf(location: SourceLocation): string {
  return location.kind === 'file' ? location.path.split(sep).join('/') : location.url.replace(/[?#].*$/s, '');
}

/** A file that isn't there under this name may be there in another Unicode form, or under a path from Windows. */
async function asSpelled(location: SourceLocation): Promise<SourceLocation> {
  if (location.kind === 'url') return location;
  const found = await findSpelling(location.path);
  return found?.isSame ? { kind: 'file', path: found.path } : location;
}

async function importOutside(
  { location, index, name }: PlannedSource,
  { root, destination }: PlanInput,
): Promise<SourceLocation> {
  if (location.kind === 'url' || isInside(location.path, root)) return location;
  try {
    return { kind: 'file', path: await copySourceIntoProject(location.path, destination) };
  } catch (error) {
    throw error instanceof MixFailure ? error.forImage(index, name) : error;
  }
}
