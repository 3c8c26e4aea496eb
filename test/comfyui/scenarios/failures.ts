import { type Scenario, scenario } from '../scenario.ts';

/** Prompts that fail. */
export const failures: readonly Scenario[] = [
  scenario('out-of-memory', '`torch.OutOfMemoryError` in the sampler', 'report it, with advice on the size', {
    fault: {
      kind: 'raise',
      classType: 'KSampler',
      type: 'torch.OutOfMemoryError',
      message:
        'Allocation on device 0 would exceed allowed memory. (out of memory)\nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.',
      times: Number.POSITIVE_INFINITY,
    },
  }),
  scenario('out-of-memory-old', '`torch.cuda.OutOfMemoryError` in the decoder', 'as above', {
    fault: {
      kind: 'raise',
      classType: 'VAEDecode',
      type: 'torch.cuda.OutOfMemoryError',
      message: 'CUDA out of memory. Tried to allocate 2.00 GiB.',
      times: Number.POSITIVE_INFINITY,
    },
  }),
  scenario(
    'custom-node-failure',
    'an adapter node fails with a message that has a path of the server in it',
    'report the node; show no path',
    {
      fault: {
        kind: 'raise',
        classType: 'IPAdapterFromParams',
        type: 'RuntimeError',
        message:
          'mat1 and mat2 shapes cannot be multiplied (/srv/ComfyUI/custom_nodes/ComfyUI_IPAdapter_plus/IPAdapterPlus.py)',
        times: Number.POSITIVE_INFINITY,
      },
    },
  ),
  scenario('custom-node-stuck', "an adapter node never returns and can't be interrupted", 'time out', {
    fault: { kind: 'stuck', classType: 'IPAdapterFromParams', times: Number.POSITIVE_INFINITY },
  }),
];
