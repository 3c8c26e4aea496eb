import { makeNotice } from '../../mix/notice.ts';
import type { MixContext } from '../engine.ts';
import type { RequestState } from './hostedState.ts';
import type { JobReport } from './jobReport.ts';
import { redactUrl } from './redaction.ts';
import { type DownloadContext, downloadResult } from './resultDownload.ts';
import type { Service } from './service.ts';

/** What delivering results needs besides the request. */
interface DeliveryContext extends Omit<DownloadContext, 'origin' | 'signal' | 'onAttempt' | 'onRetry'> {
  readonly context: MixContext;
  readonly service: Service;
  readonly report: JobReport;
}

/** Downloads and delivers the results of an answered request, except those of an earlier run. @throws as `downloadResult` and `deliver` do. */
export async function deliverResults(request: RequestState, options: DeliveryContext): Promise<void> {
  const { context, report } = options;
  if (request.links.length < request.samples) {
    report.notice(makeNotice('fewer-results', { count: request.links.length, asked: request.samples }));
  }
  for (const [offset, link] of request.links.slice(0, request.samples).entries()) {
    const index = request.first + offset;
    if (!context.delivered.has(index)) await deliver(request, link, index, options);
  }
}

async function deliver(request: RequestState, link: string, index: number, options: DeliveryContext): Promise<void> {
  const { context, service, report } = options;
  const { bytes, format, isBlank } = await downloadResult(link, {
    ...options,
    origin: service.origin,
    signal: context.signal,
    onAttempt: () => report.progress({ stage: 'downloading' }),
    onRetry: (reason, delay) => report.waiting(delay, 'download-retried', { link: redactUrl(link), reason }),
  });
  if (isBlank) report.notice(makeNotice('blank-result', { number: index + 1 }));
  // Not abandoned if the job is aborted: the next run must know whether this result is in the project.
  await context.deliver({
    index,
    seed: request.seed,
    bytes,
    format,
    ...(request.id === undefined ? {} : { serviceId: request.id }),
    engineVersion: service.dialect.name,
  });
  report.delivered({ number: index + 1, bytes: bytes.length, format });
}
