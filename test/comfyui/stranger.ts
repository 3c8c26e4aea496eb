import type { Graph } from './graph.ts';
import type { ComfyUISettings } from './settings.ts';

/** Another user's prompt: a small image without adapters. `mark` keeps it from being cached. */
export function strangersGraph({ models }: ComfyUISettings, steps: number, mark: string): Graph {
  return {
    ckpt: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: models.checkpoints?.[0] ?? 'none' } },
    text: { class_type: 'CLIPTextEncode', inputs: { text: "a stranger's prompt", clip: ['ckpt', 1] } },
    size: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    sample: {
      class_type: 'KSampler',
      inputs: {
        model: ['ckpt', 0],
        seed: 7,
        steps,
        cfg: 7,
        sampler_name: 'euler',
        scheduler: 'normal',
        positive: ['text', 0],
        negative: ['text', 0],
        latent_image: ['size', 0],
        denoise: 1,
        mark,
      },
    },
    decode: { class_type: 'VAEDecode', inputs: { samples: ['sample', 0], vae: ['ckpt', 2] } },
    save: { class_type: 'PreviewImage', inputs: { images: ['decode', 0] } },
  };
}
