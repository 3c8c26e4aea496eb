/** Values for the placeholders of a sentence: `{name}` in the sentence is `args.name`. */
export type MessageArgs = Readonly<Record<string, string | number>>;

/** The names of the placeholders in a sentence: `'host' | 'status'` for `'{host} answered with HTTP {status}.'`. */
export type Placeholder<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

/** Exactly the values that a sentence needs. For a sentence that isn't known before run time, any values. */
export type ArgsOf<Sentence extends string> = string extends Sentence
  ? MessageArgs
  : Readonly<Record<Placeholder<Sentence>, string | number>>;

/** The parameters of a function that fills in a sentence: none if it has no placeholders. */
export type SentenceParameters<Sentence extends string> = [Placeholder<Sentence>] extends [never]
  ? []
  : [args: ArgsOf<Sentence>];

/** Fills in the `{name}` placeholders of a sentence. A placeholder without a value stays as it is. */
export function fillPlaceholders(sentence: string, args: MessageArgs = {}): string {
  return sentence.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = args[name];
    return value === undefined ? placeholder : String(value);
  });
}
