import { expect, test } from 'vitest';
import { Messages } from '../../src/app/messages/messages.ts';
import type { Graph } from '../../src/engines/comfyui/graph.ts';
import { isUploadGone, promptFailure } from '../../src/engines/comfyui/promptFailure.ts';
import { serverAddress } from '../../src/engines/comfyui/serverAddress.ts';
import { refusedSchema } from '../../src/engines/comfyui/wire/promptAnswer.ts';

const problem = (node: string, nodeType: string) => ({
  node,
  nodeType,
  problem: 'custom_validation_failed',
  input: 'image',
  value: 'image-mixer/a.png',
});

test('an image that is gone is one that the mix has uploaded, whatever class of node loads it', () => {
  const graph: Graph = {
    ours: { class_type: 'LoadImageFromPack', inputs: {}, _meta: { title: 'mix:image 2' } },
    theirs: { class_type: 'LoadImage', inputs: { image: 'example.png' }, _meta: { title: 'Logo' } },
  };
  expect(isUploadGone([problem('ours', 'LoadImageFromPack')], graph)).toBe(true);
  expect(isUploadGone([problem('theirs', 'LoadImage')], graph)).toBe(false);
  expect(isUploadGone([{ ...problem('ours', 'LoadImageFromPack'), problem: 'required_input_missing' }], graph)).toBe(
    false,
  );
});

test.each([
  ['a class', (long: string) => ({ error: { type: 'missing_node_type', extra_info: { class_type: long } } })],
  [
    'a node',
    (long: string) => ({
      error: { type: 'prompt_outputs_failed_validation' },
      node_errors: {
        [long]: {
          class_type: long,
          errors: [{ type: 'value_not_in_list', extra_info: { input_name: long, received_value: long } }],
        },
      },
    }),
  ],
])('names as long as an answer are cut before %s is shown or logged', (_, answer) => {
  const refused = refusedSchema.parse(answer('x'.repeat(1_000_000)));
  const failure = promptFailure(refused, serverAddress('http://127.0.0.1:8188'));
  expect(failure.code).toBe('missing-model');
  expect(new Messages().failure(failure).length).toBeLessThan(1_000);
  expect(String(failure.cause).length).toBeLessThan(1_000);
});
