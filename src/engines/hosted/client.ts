import type { HttpReply } from '../../network/jsonPost.ts';
import type { Clock } from '../clock.ts';
import type { MixSubmission } from './dialect.ts';
import { redactMessage } from './redaction.ts';
import { endpointUrl, originOf, type Service } from './service.ts';
import { type RequestPurpose, retryAfterOf, type Transport } from './transport.ts';
import { parseWalletBalance, type WalletBalance } from './wallet.ts';
import { normalizeResponse, type ServiceResponse } from './wire.ts';

/** What a poll asks for. */
export interface ResultHandle {
  readonly id?: string | undefined;
  readonly fetchUrl?: string | undefined;
}

/** The service's calls, one exchange each. The key is known here alone: it goes into bodies to the service's origin and nowhere else. */
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

  /** Uploads a picture given as a data URI. @throws RequestError, or the signal's reason; so do the other calls. */
  upload(dataUri: string, signal: AbortSignal): Promise<ServiceResponse> {
    const { dialect } = this.service;
    return this.#post(endpointUrl(this.service, dialect.uploadPath), dialect.uploadBody(dataUri), 'upload', signal);
  }

  /** Orders a mix, which is paid work. @param onSent called just before the first byte is written. */
  submitMix(order: MixSubmission, signal: AbortSignal, onSent: () => void): Promise<ServiceResponse> {
    const { dialect } = this.service;
    return this.#post(endpointUrl(this.service, dialect.mixPath), dialect.mixBody(order), 'mix', signal, onSent);
  }

  /** Asks how far an accepted mix is. */
  fetchResult(ticket: ResultHandle, signal: AbortSignal): Promise<ServiceResponse> {
    return this.#post(this.#fetchAddress(ticket), {}, 'call', signal);
  }

  /** Asks what is left in the account; undefined where the dialect or the answer does not tell. */
  async balance(signal: AbortSignal): Promise<WalletBalance | undefined> {
    const { balancePath } = this.service.dialect;
    if (balancePath === undefined) return undefined;
    const reply = await this.#send(endpointUrl(this.service, balancePath), {}, 'call', signal);
    return parseWalletBalance(reply.body.toString('utf8'));
  }

  /** The service's own address for the result counts only within its origin, since the key goes there. */
  #fetchAddress({ id, fetchUrl }: ResultHandle): string {
    if (fetchUrl !== undefined && originOf(fetchUrl) === this.service.origin) return fetchUrl;
    const known =
      id ??
      fetchUrl
        ?.replace(/[?#].*$/s, '')
        .split('/')
        .at(-1) ??
      '';
    return endpointUrl(this.service, this.service.dialect.fetchPath(known));
  }

  async #post(
    address: string,
    body: Record<string, unknown>,
    purpose: RequestPurpose,
    signal: AbortSignal,
    onSent?: () => void,
  ): Promise<ServiceResponse> {
    const reply = await this.#send(address, body, purpose, signal, onSent);
    const answer = normalizeResponse({
      status: reply.status,
      body: reply.body.toString('utf8'),
      retryAfter: retryAfterOf(reply, this.#clock.now()),
    });
    return answer.kind === 'refused' ? { ...answer, message: redactMessage(answer.message, this.#key) } : answer;
  }

  #send(
    address: string,
    body: Record<string, unknown>,
    purpose: RequestPurpose,
    signal: AbortSignal,
    onSent?: () => void,
  ): Promise<HttpReply> {
    return this.#transport.post(address, { key: this.#key, ...body }, purpose, signal, onSent);
  }
}
