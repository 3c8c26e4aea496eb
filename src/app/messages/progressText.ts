import type { Progress } from '../../mix/progress.ts';
import type { Words } from './messages.ts';

/** How far a job is, in words: the stage, which of how many, and the time that remains. */
export function stageWords(progress: Progress, words: Words): string {
  const parts = [words.say(`panel.stage.${progress.stage}`)];
  if (progress.total !== undefined && progress.total > 1) {
    parts.push(words.say('progress.of', { done: progress.done ?? 0, total: progress.total }));
  }
  if (progress.etaSeconds !== undefined && progress.etaSeconds >= 1) {
    parts.push(words.say('progress.eta', { seconds: Math.ceil(progress.etaSeconds) }));
  }
  return parts.join(' · ');
}
