import * as z from 'zod';

/** What a node's input takes. */
export interface NodeInput {
  readonly required: boolean;
  /** `IMAGE`, `INT`, …; `COMBO` for a list of choices. */
  readonly type: string;
  /** The choices of a list; undefined for other inputs. */
  readonly choices: readonly string[] | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** What a number goes up by in the editor. The server doesn't check it, but some nodes round down to it. */
  readonly step: number | undefined;
}

/** A class of nodes, as a server describes it. */
export interface NodeInfo {
  readonly inputs: ReadonlyMap<string, NodeInput>;
  /** Whether the node shows or saves results. */
  readonly isOutput: boolean;
}

const optionsSchema = z
  .object({
    min: z.number().optional().catch(undefined),
    max: z.number().optional().catch(undefined),
    step: z.number().positive().optional().catch(undefined),
    options: z.array(z.unknown()).optional().catch(undefined),
  })
  .catch({});

const inputsSchema = z.record(z.string(), z.unknown()).catch({});
const classSchema = z.object({
  input: z.object({ required: inputsSchema, optional: inputsSchema }).catch({ required: {}, optional: {} }),
  output_node: z.boolean().catch(false),
});

/** The answer to `/object_info/CLASS`. A server that doesn't have the class answers `{}`. */
export const objectInfoSchema = z.record(z.string(), classSchema.optional().catch(undefined));

/** The description of a class in an answer; undefined if the server doesn't have the class. */
export function nodeInfoOf(answer: z.output<typeof objectInfoSchema>, className: string): NodeInfo | undefined {
  const info = Object.hasOwn(answer, className) ? answer[className] : undefined;
  if (!info) return undefined;
  const inputs = new Map<string, NodeInput>();
  for (const [name, description] of Object.entries(info.input.optional)) add(inputs, name, description, false);
  for (const [name, description] of Object.entries(info.input.required)) add(inputs, name, description, true);
  return { inputs, isOutput: info.output_node };
}

/** Reads both forms of a list: `[[…choices], options]`, and `['COMBO', {options: […choices]}]`. */
function add(inputs: Map<string, NodeInput>, name: string, description: unknown, required: boolean): void {
  if (!Array.isArray(description)) return;
  const [type, written]: unknown[] = description;
  const { options, min, max, step } = optionsSchema.parse(written ?? {});
  const range = { min, max, step };
  if (Array.isArray(type)) inputs.set(name, { required, type: 'COMBO', choices: texts(type), ...range });
  else if (typeof type === 'string') {
    const choices = type === 'COMBO' ? texts(options ?? []) : undefined;
    inputs.set(name, { required, type, choices, ...range });
  }
}

function texts(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}
