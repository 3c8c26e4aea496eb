import { abilitiesOf } from '../version.ts';
import { adapterNodes } from './adapters.ts';
import { imageNodes } from './images.ts';
import { loaders } from './loaders.ts';
import { maskNodes } from './masks.ts';
import type { InputSpec, NodeClass, Shelf } from './nodeClass.ts';
import { samplingNodes } from './sampling.ts';

const all = new Map(
  [...loaders, ...imageNodes, ...samplingNodes, ...maskNodes, ...adapterNodes].map((one) => [one.name, one]),
);

/** The classes that a server with these settings has. */
export function installedClasses({ settings }: Shelf): readonly NodeClass[] {
  const { missingClasses, version } = settings;
  const abilities = abilitiesOf(version);
  return [...all.values()].filter(
    ({ name, isOfPack, exists }) =>
      !missingClasses.includes(name) &&
      !(isOfPack && missingClasses.includes('IPAdapter')) &&
      (exists?.(abilities) ?? true),
  );
}

/** The class of this name, if the server has it. */
export function classNamed(name: string, shelf: Shelf): NodeClass | undefined {
  return installedClasses(shelf).find((one) => one.name === name);
}

/** What `/object_info` says of a class. */
export function describe(one: NodeClass, shelf: Shelf): Record<string, unknown> {
  const inputs = (specs: NodeClass['required'] = {}): Record<string, unknown> =>
    Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, describeInput(spec, shelf)]));
  return {
    input: { required: inputs(one.required), ...(one.optional ? { optional: inputs(one.optional) } : {}) },
    input_order: {
      required: Object.keys(one.required),
      ...(one.optional ? { optional: Object.keys(one.optional) } : {}),
    },
    output: one.outputs.map(({ type }) => type),
    output_is_list: one.outputs.map(() => false),
    output_name: one.outputs.map(({ name }) => name),
    name: one.name,
    display_name: one.displayName,
    description: '',
    python_module: one.isOfPack ? 'custom_nodes.ComfyUI_IPAdapter_plus' : 'nodes',
    category: one.category,
    output_node: one.isOutput ?? false,
  };
}

/** An input as `[type, options]`. */
export function describeInput(spec: InputSpec, shelf: Shelf): readonly [unknown, Readonly<Record<string, unknown>>] {
  switch (spec.kind) {
    case 'link':
      return [spec.type, {}];
    case 'INT':
    case 'FLOAT': {
      const { kind, ...options } = spec;
      return [kind, options];
    }
    case 'STRING':
      return [spec.kind, { default: spec.default }];
    case 'choice': {
      const options = spec.options(shelf);
      return isCombo(spec, shelf) ? ['COMBO', { multiselect: false, options }] : [options, {}];
    }
  }
}

/** Whether a choice has the newer form. */
export function isCombo(spec: InputSpec & { kind: 'choice' }, { settings }: Shelf): boolean {
  return spec.form === 'combo' || settings.comboLists;
}
