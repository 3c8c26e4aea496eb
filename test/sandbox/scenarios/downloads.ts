import { answer } from '../answer.ts';
import { blankLike, reencoded } from '../picture.ts';
import { always, answers, type Behaviour, type Effect, type Scenario } from '../scenario.ts';

const download = (name: string, what: string, client: string, effect: Effect): Scenario => ({
  name,
  stage: 'download',
  answers: what,
  client,
  effect,
});

/** Serves the image as changed by `change`. A 404 stays unchanged. */
const changed =
  (type: string, change: (bytes: Buffer) => Promise<Buffer>): Behaviour =>
  async ({ serve }) => {
    const served = await serve();
    return served.status === 200 && Buffer.isBuffer(served.body)
      ? answer(200, type, await change(served.body))
      : served;
  };

const denied = (): Buffer => Buffer.from('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>');

/** What links to results can do, besides the faults that are possible at every stage. */
export const downloadScenarios: readonly Scenario[] = [
  download(
    'download-not-ready-404',
    'HTTP 404 twice, then the image',
    'retry with backoff',
    answers(() => answer(404, 'text/html', Buffer.from('<h1>404 Not Found</h1>')), 2),
  ),
  download(
    'download-not-ready-403',
    'HTTP 403 twice, then the image',
    'retry with backoff',
    answers(() => answer(403, 'application/xml', denied()), 2),
  ),
  download(
    'download-text-plain',
    'a PNG as `text/plain`',
    'keep it; the first bytes tell the format',
    answers(
      changed('text/plain', (bytes) => Promise.resolve(bytes)),
      always,
    ),
  ),
  download(
    'download-jpeg',
    'a JPEG whose name ends with `.png`',
    'keep the bytes, and name the file by its actual format',
    answers(
      changed('image/png', (bytes) => reencoded(bytes, 'jpeg')),
      always,
    ),
  ),
  download(
    'download-webp',
    'a WebP whose name ends with `.png`',
    'keep the bytes, and name the file by its actual format',
    answers(
      changed('image/png', (bytes) => reencoded(bytes, 'webp')),
      always,
    ),
  ),
  download(
    'download-blank',
    'an image of a single color: the result was blocked',
    'keep it, with a notice',
    answers(changed('image/png', blankLike), always),
  ),
  download('download-elsewhere', 'the links point to another origin, which serves them', 'download from there', {
    kind: 'links',
    to: 'elsewhere',
  }),
  download(
    'download-unknown-host',
    "the links point to a host that doesn't exist",
    '`result-unavailable`; keep the id',
    {
      kind: 'links',
      to: 'unknown-host',
    },
  ),
];
