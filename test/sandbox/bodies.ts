import { type Answer, answer, fixtureAnswer, json } from './answer.ts';
import type { Generation } from './generation.ts';

/** Where the links of an answer point: the origin of the request, and the one that results are loaded from. */
export interface Origins {
  readonly service: string;
  readonly links: string;
  readonly elsewhere: string;
}

const TRY_LATER = 'Try to fetch request after seconds estimated';
const IN_BACKGROUND = 'Your image is processing in background, you can get this image using fetch API';

/** The links to a generation's results. */
export function linksOf(generation: Generation, { links }: Origins): string[] {
  return Array.from(
    { length: generation.order.samples },
    (_, index) => `${links}/generations/${generation.prefix}-${index}.png`,
  );
}

/** The first answer to a mix: the results, or where to poll for them. */
export function mixAnswer(generation: Generation, origins: Origins, etaSeconds: number): Answer {
  if (generation.course.polls > 0) return processingAnswer(generation, origins, etaSeconds);
  return answerOf(generation, origins, true);
}

/** The answer to a fetch, which never has `meta`. */
export function fetchAnswer(generation: Generation, origins: Origins): Answer {
  return answerOf(generation, origins, false);
}

function answerOf(generation: Generation, origins: Origins, first: boolean): Answer {
  const { course, id } = generation;
  const next = generation.next();
  switch (next) {
    case 'running':
      return fixtureAnswer(course.form === 'old' ? 'still-messege' : 'still-message');
    case 'empty':
      return json({ status: 'success', id, output: course.form === 'old' ? [] : '' });
    case 'failed':
      return fixtureAnswer('failed');
    case 'success': {
      const links = linksOf(generation, origins);
      const body = {
        status: 'success',
        ...(first ? { generationTime: generation.seconds } : {}),
        id,
        output: course.output === 'array' ? links : links[0],
        ...(course.form === 'new' ? { proxy_links: first ? links : '' } : {}),
        ...(first ? { meta: metaOf(generation) } : {}),
      };
      return json(body, 200, course.form === 'new');
    }
  }
}

function processingAnswer(generation: Generation, origins: Origins, etaSeconds: number): Answer {
  const { course, id, fetchId, order } = generation;
  const origin = course.fetchResult === 'other-origin' ? origins.elsewhere : origins.service;
  const path = order.dialect === 'v5' ? '/api/v3/fetch/' : '/api/v6/image_editing/fetch/';
  const common = { status: 'processing', eta: etaSeconds, fetch_result: `${origin}${path}${fetchId}`, id };
  const meta = metaOf(generation);
  return course.form === 'old'
    ? json({ ...common, tip: IN_BACKGROUND, messege: TRY_LATER, webhook_status: '', output: [], meta })
    : json(
        {
          ...common,
          tip: 'Get faster image generation using enterprise plan.',
          tip_1: IN_BACKGROUND,
          message: TRY_LATER,
          output: '',
          future_links: linksOf(generation, origins),
          proxy_links: [],
          meta,
        },
        200,
        true,
      );
}

function metaOf({ order, prefix, seed }: Generation): Record<string, unknown> {
  const { width, height, samples, fields } = order;
  return {
    H: height,
    W: width,
    file_prefix: prefix,
    guidance_scale: order.guidanceScale,
    init_image: fields.init_image,
    ...(order.dialect === 'v5' ? { init_image_weights: fields.init_image_weights } : {}),
    n_samples: samples,
    negative_prompt: fields.negative_prompt ?? '',
    outdir: 'out',
    prompt: order.prompt,
    seed,
    steps: order.steps,
  };
}

/** The image at a link. */
export function pictureAnswer(bytes: Buffer): Answer {
  return answer(200, 'image/png', bytes);
}
