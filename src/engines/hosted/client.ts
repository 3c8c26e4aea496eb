import type { HttpReply } from '../../network/jsonPost.ts';
import type { Clock } from '../clock.ts';
import type { MixSubmission } from './dialect.ts';
import { redactMessage } from './redaction.ts';
import { endpointUrl, type Service, urlOrigin } from './service.ts';
import { type MixPost, type RequestPurpose, retryAfterOf, type Transport } from './transport.ts';
import { parseWalletBalance, type WalletBalance } from './wallet.ts';
import { normalizeResponse, type ServiceResponse } from './wire.ts';

/** Identifies an accepted mix for polling. */
interface ResultHandle {
  readonly id?: string | undefined;
  readonly fetchUrl?: string | undefined;
}

/**
 * The service's API, one request per call. Only the client has the key: it goes into request bodies to the service's origin and
 * nowhere else. Every call throws RequestError, or the signal's reason.
 */
export class ServiceClient {
  readonly service: Service;
  readonly #key: string;
  readonly #transport: Transport;
  readonly #clock: Clock;

  constructor(options: { service: Service; key: string; transport: Transport; clock: Clock }) {
    this.service = options.service;
    this.#key = options.key;
    this.#transport = options.transport;
    this.#clock = options.clock;
  }

  /** Uploads an image, given as a data URI. */
  upload(dataUri: string, signal: AbortSignal): Promise<ServiceResponse> {
    const { dialect } = this.service;
    return this.#request(endpointUrl(this.service, dialect.uploadPath), dialect.uploadBody(dataUri), 'upload', signal);
  }

  /** Submits a mix, which is paid work. */
  submitMix(submission: MixSubmission, post: MixPost, signal: AbortSignal): Promise<ServiceResponse> {
    const { dialect } = this.service;
    return this.#request(endpointUrl(this.service, dialect.mixPath), dialect.mixBody(submission), post, signal);
  }

  /** Polls an accepted mix. */
  fetchResult(handle: ResultHandle, signal: AbortSignal): Promise<ServiceResponse> {
    return this.#request(this.#fetchUrl(handle), {}, 'call', signal);
  }

  /** Asks for the account's balance; undefined if the dialect or the response doesn't have it. */
  async balance(signal: AbortSignal): Promise<WalletBalance | undefined> {
    const { balancePath } = this.service.dialect;
    if (balancePath === undefined) return undefined;
    const reply = await this.#post(endpointUrl(this.service, balancePath), {}, 'call', signal);
    return parseWalletBalance(reply.body.toString('utf8'));
  }

  /** The URL to poll. The one that the service gave is used only within the service's origin, because the key is sent there. */
  #fetchUrl({ id, fetchUrl }: ResultHandle): string {
    if (fetchUrl !== undefined && urlOrigin(fetchUrl) === this.service.origin) return fetchUrl;
    const idInUrl = fetchUrl
      ?.replace(/[?#].*$/s, '')
      .split('/')
      .at(-1);
    return endpointUrl(this.service, this.service.dialect.fetchPath(id ?? idInUrl ?? ''));
  }

  async #request(
    url: string,
    body: Record<string, unknown>,
    purpose: RequestPurpose,
    signal: AbortSignal,
  ): Promise<ServiceResponse> {
    const reply = await this.#post(url, body, purpose, signal);
    const response = normalizeResponse({
      status: reply.status,
      body: reply.body.toString('utf8'),
      retryAfter: retryAfterOf(reply, this.#clock.now()),
    });
    return response.kind === 'refused'
      ? { ...response, message: redactMessage(response.message, this.#key) }
      : response;
  }

  #post(url: string, body: Record<string, unknown>, purpose: RequestPurpose, signal: AbortSignal): Promise<HttpReply> {
    return this.#transport.post(url, { key: this.#key, ...body }, purpose, signal);
  }
}
