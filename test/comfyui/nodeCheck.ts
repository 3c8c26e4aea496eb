import { BadLink, type GraphNode, linkOf } from './graph.ts';
import { describeInput, isCombo } from './nodes/catalog.ts';
import type { InputSpec, NodeClass, Shelf } from './nodes/nodeClass.ts';
import { abilitiesOf } from './version.ts';

/** An error of one input. */
export interface Reason {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, unknown>>;
}

type OutputType = (id: string, index: number) => string | undefined;

/** The longest list that's repeated in an error. */
const LONGEST_LIST = 20;

/** Checks the inputs of one node. Inputs that its class doesn't have are ignored, as the server does. */
export function checkInputs(node: GraphNode, one: NodeClass, outputType: OutputType, shelf: Shelf): Reason[] {
  return Object.entries({ ...one.required, ...one.optional }).flatMap(([name, spec]) => {
    const value = node.inputs[name];
    const info = { input_name: name, input_config: describeInput(spec, shelf) };
    if (value === undefined) {
      const missing = reason('required_input_missing', 'Required input is missing', name, { input_name: name });
      return name in one.required ? [missing] : [];
    }
    const linked = checkLink(name, value, spec, outputType, info);
    if (linked || one.check?.input !== name) return linked ?? checkConstant(name, value, spec, info, shelf);
    const problem = one.check.problem(value, shelf);
    const received = { ...info, received_value: value };
    return problem === undefined
      ? []
      : [reason('custom_validation_failed', 'Custom validation failed for node', problem, received)];
  });
}

/** Undefined if the value is a constant. */
function checkLink(
  name: string,
  value: unknown,
  spec: InputSpec,
  outputType: OutputType,
  info: object,
): Reason[] | undefined {
  try {
    const link = linkOf(value);
    if (!link) return undefined;
    const received = outputType(...link);
    const expected = spec.kind === 'link' ? spec.type : spec.kind === 'choice' ? 'COMBO' : spec.kind;
    if (received === expected) return [];
    const details = `${name}, received_type(${received}) mismatch input_type(${expected})`;
    const message = 'Return type mismatch between linked nodes';
    return [reason('return_type_mismatch', message, details, { ...info, received_type: received, linked_node: link })];
  } catch (error) {
    if (!(error instanceof BadLink)) throw error;
    const message = 'Bad linked input, must be a length-2 list of [node_id, slot_index]';
    return [reason('bad_linked_input', message, name, { ...info, received_value: value })];
  }
}

function checkConstant(name: string, value: unknown, spec: InputSpec, info: object, shelf: Shelf): Reason[] {
  const received = { ...info, received_value: value };
  switch (spec.kind) {
    case 'link':
    case 'STRING':
      return [];
    case 'INT':
    case 'FLOAT': {
      const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
      if (Number.isNaN(number) || value === '') {
        const message = `Failed to convert an input value to a ${spec.kind} value`;
        return [reason('invalid_input_type', message, `${name}, ${String(value)}`, received)];
      }
      if (number < spec.min) {
        return [reason('value_smaller_than_min', `Value ${number} smaller than min of ${spec.min}`, name, received)];
      }
      if (number > spec.max) {
        return [reason('value_bigger_than_max', `Value ${number} bigger than max of ${spec.max}`, name, received)];
      }
      return [];
    }
    case 'choice': {
      const options = spec.options(shelf);
      const unchecked = isCombo(spec, shelf) && !abilitiesOf(shelf.settings.version).strict;
      if (unchecked || options.some((option) => option === value)) return [];
      const isLong = options.length > LONGEST_LIST;
      const list = isLong ? `(list of length ${options.length})` : `[${options.map((one) => `'${one}'`).join(', ')}]`;
      const details = `${name}: '${String(value)}' not in ${list}`;
      return [
        reason(
          'value_not_in_list',
          'Value not in list',
          details,
          isLong ? { ...received, input_config: null } : received,
        ),
      ];
    }
  }
}

function reason(type: string, message: string, details: string, info: Readonly<Record<string, unknown>>): Reason {
  return { type, message, details, extra_info: info };
}
