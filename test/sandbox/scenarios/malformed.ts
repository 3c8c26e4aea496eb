import { type Answer, answer, json } from '../answer.ts';

/** The stages at which faults are injected. */
export const faultStages = ['upload', 'mix', 'poll', 'download'] as const;
export type FaultStage = (typeof faultStages)[number];

/** Answers that are JSON or claim to be an image, but have invalid content. */
export const wrongTypes: Readonly<Record<FaultStage, () => Answer>> = {
  upload: () => json({ status: 'success', messege: ['image uploaded'], link: 7, output: {}, request_id: [] }),
  mix: () => json({ status: 200, id: { $oid: '1' }, output: 42, eta: 'soon', fetch_result: ['x'], meta: 'none' }),
  poll: () => json({ status: 'success', id: [], output: [null, 7, { url: 'x' }] }),
  download: () => answer(200, 'image/png', Buffer.from('<html><body>Not a picture</body></html>')),
};

/** How the huge bodies begin. */
export const hugeStarts: Readonly<Record<FaultStage, Buffer>> = {
  upload: Buffer.from('{"status":"success","link":"'),
  mix: Buffer.from('{"status":"success","tip":"'),
  poll: Buffer.from('{"status":"processing","tip":"'),
  download: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
};
