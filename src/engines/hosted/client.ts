import type { Reply } from '../../network/jsonPost.ts';
import type { Clock } from '../clock.ts';
import { type Balance, readBalance } from './balance.ts';
import type { MixOrder } from './dialect.ts';
import { originOf, type Service, urlOf } from './service.ts';
import { tidyWords } from './serviceWords.ts';
import { type Purpose, retryAfterOf, type Transport } from './transport.ts';
import { type Answer, normalise } from './wire.ts';

/** What a poll asks for. */
export interface Ticket {
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

  /** Uploads a picture given as a data URI. @throws TransportFault, or the signal's reason; so do the other calls. */
  upload(dataUri: string, signal: AbortSignal): Promise<Answer> {
    const { dialect } = this.service;
    return this.#post(urlOf(this.service, dialect.uploadPath), dialect.uploadBody(dataUri), 'upload', signal);
  }

  /** Orders a mix, which is paid work. @param onSent called just before the first byte is written. */
  mix(order: MixOrder, signal: AbortSignal, onSent: () => void): Promise<Answer> {
    const { dialect } = this.service;
    return this.#post(urlOf(this.service, dialect.mixPath), dialect.mixBody(order), 'mix', signal, onSent);
  }

  /** Asks how far an accepted mix is. */
  fetch(ticket: Ticket, signal: AbortSignal): Promise<Answer> {
    return this.#post(this.#fetchAddress(ticket), {}, 'call', signal);
  }

  /** Asks what is left in the account; undefined where the dialect or the answer does not tell. */
  async balance(signal: AbortSignal): Promise<Balance | undefined> {
    const { balancePath } = this.service.dialect;
    if (balancePath === undefined) return undefined;
    const reply = await this.#send(urlOf(this.service, balancePath), {}, 'call', signal);
    return readBalance(reply.body.toString('utf8'));
  }

  /** The service's own address for the result counts only within its origin, since the key goes there. */
  #fetchAddress({ id, fetchUrl }: Ticket): string {
    if (fetchUrl !== undefined && originOf(fetchUrl) === this.service.origin) return fetchUrl;
    const known =
      id ??
      fetchUrl
        ?.replace(/[?#].*$/s, '')
        .split('/')
        .at(-1) ??
      '';
    return urlOf(this.service, this.service.dialect.fetchPath(known));
  }

  async #post(
    address: string,
    body: Record<string, unknown>,
    purpose: Purpose,
    signal: AbortSignal,
    onSent?: () => void,
  ): Promise<Answer> {
    const reply = await this.#send(address, body, purpose, signal, onSent);
    const answer = normalise({
      status: reply.status,
      body: reply.body.toString('utf8'),
      retryAfter: retryAfterOf(reply, this.#clock.now()),
    });
    return answer.kind === 'refused' ? { ...answer, message: tidyWords(answer.message, this.#key) } : answer;
  }

  #send(
    address: string,
    body: Record<string, unknown>,
    purpose: Purpose,
    signal: AbortSignal,
    onSent?: () => void,
  ): Promise<Reply> {
    return this.#transport.post(address, { key: this.#key, ...body }, purpose, signal, onSent);
  }
}
