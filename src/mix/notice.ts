import * as z from 'zod';
import type { SentenceParameters } from './sentence.ts';

/** Every notice, with its sentence in English. A notice informs the user about a mix without stopping it. */
export const noticeTable = {
  'unknown-key': 'The recipe has an unknown key, {key}. It was kept but has no effect.',
  ignored: 'This engine ignores the {part}.',
  'model-ignores': 'The model ignores the {part}.',
  'workflow-ignores': 'No node of the workflow {file} is titled {title}, so this has no effect: {part}.',
  'steps-over-limit': 'The recipe has {value} steps, but the usual maximum is {max}. The number was sent unchanged.',
  'transparency-lost':
    "JPEG can't be transparent, so transparent parts of the result are white. To keep them, set imageMixer.output.format to png or webp.",
  'fewer-results': 'The service returned {count} of {asked} results.',
  'other-model': "{server} doesn't have {wanted}, so {used} was used.",
  'size-differs': 'The server made a result of {size} pixels instead of {asked}.',
  'not-canceled':
    "{server} couldn't be told to cancel this mix, so it may still run there. Look at its queue in ComfyUI.",
  'blank-result':
    'Result {number} is blank because the service blocks content that it considers unsafe. Change the prompt or the images.',
} as const;
export type NoticeCode = keyof typeof noticeTable;

/** A notice: a code of the table and the values for its sentence. */
export const noticeSchema = z.object({
  code: z.string(),
  args: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Notice = z.infer<typeof noticeSchema>;

/** Creates a notice. The values must match the placeholders of its sentence. */
export function makeNotice<Code extends NoticeCode>(
  code: Code,
  ...[args]: SentenceParameters<(typeof noticeTable)[Code]>
): Notice {
  return { code, args: { ...args } };
}
