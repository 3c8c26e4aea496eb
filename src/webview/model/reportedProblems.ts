import type { Draft } from '../../mix/draft.ts';
import type { Problem } from '../../protocol/contract.ts';
import type { FieldMessages } from './draftIssues.ts';

/** A message without a field. It stays until the user dismisses it. */
export interface Message {
  readonly id: number;
  readonly text: string;
}

/** The problems that the host reported: each at its field of the draft or, if the draft doesn't have the field, as a message. */
export class ReportedProblems {
  #byField: FieldMessages = new Map();
  #messages: readonly Message[] = [];
  #lastId = 0;

  /** By the keys of `draftIssues`. */
  get byField(): FieldMessages {
    return this.#byField;
  }
  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** @param draft the one that the host checked: positions of images refer to it. */
  add(problems: readonly Problem[], draft: Draft): void {
    const rest: Message[] = [];
    for (const { message, field } of problems) {
      if (!this.addToField(message, field, draft)) rest.push({ id: ++this.#lastId, text: message });
    }
    const repeated = new Set(rest.map(({ text }) => text));
    this.#messages = [...this.#messages.filter(({ text }) => !repeated.has(text)), ...rest];
  }

  /** Shows a message at a field. False if there is no such field. */
  addToField(message: string, field: string | undefined, draft: Draft): boolean {
    const key = field === undefined ? undefined : fieldKey(draft, field);
    if (key === undefined) return false;
    this.#byField = new Map(this.#byField).set(key, message);
    return true;
  }

  clearFields(): void {
    this.#byField = new Map();
  }

  /** Drops the problems of fields whose value differs between two drafts. */
  clearChanged(before: Draft, after: Draft): void {
    this.#keep((key) => fieldValue(before, key) === fieldValue(after, key));
  }

  /** Drops the problems of an image's file. */
  clearImage(draft: Draft, uri: string): void {
    const keys = new Set(draft.images.filter((image) => image.uri === uri).map(({ id }) => `image:${id}`));
    this.#keep((key) => !keys.has(key));
  }

  dismiss(message: Message): void {
    this.#messages = this.#messages.filter(({ id }) => id !== message.id);
  }

  #keep(isKept: (key: string) => boolean): void {
    this.#byField = new Map([...this.#byField].filter(([key]) => isKept(key)));
  }
}

/** The value that a key refers to: an image's file, an image's weight, or a field of the draft. */
function fieldValue(draft: Draft, key: string): unknown {
  const [kind, id] = key.split(':');
  const image = draft.images.find((each) => each.id === id);
  if (kind === 'image') return image?.uri;
  if (kind === 'weight') return image?.weight;
  return Reflect.get(draft, key);
}

/** `images.2.weight` becomes `weight:ID`, and `images.2` becomes `image:ID`; undefined if there is no such image. */
function fieldKey(draft: Draft, field: string): string | undefined {
  const match = /^images\.(\d+)(\.weight)?/.exec(field);
  if (!match) return field;
  const id = draft.images[Number(match[1])]?.id;
  return id && `${match[2] ? 'weight' : 'image'}:${id}`;
}
