/** The inputs of `mixGraph` that tests change. */
export interface MixGraphOptions {
  readonly images: readonly string[];
  readonly weights?: readonly number[];
  readonly seed?: number;
  readonly steps?: number;
  readonly size?: number;
  readonly checkpoint?: string;
  readonly preset?: string;
}

type Nodes = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

/** A mix of two or more uploaded images with the IP-Adapter pack, written from the contract alone. */
export function mixGraph(options: MixGraphOptions): Nodes {
  const { images, weights = images.map(() => 1 / images.length), seed = 7, steps = 3, size = 64 } = options;
  const nodes: Nodes = {
    out: node('PreviewImage', { images: ['dec', 0] }),
    dec: node('VAEDecode', { samples: ['ks', 0], vae: ['ckpt', 2] }),
    ckpt: node('CheckpointLoaderSimple', { ckpt_name: options.checkpoint ?? 'sd_xl_base_1.0.safetensors' }),
    load: node('IPAdapterUnifiedLoader', { model: ['ckpt', 0], preset: options.preset ?? 'PLUS (high strength)' }),
    pos: node('CLIPTextEncode', { text: 'a rose', clip: ['ckpt', 1] }),
    neg: node('CLIPTextEncode', { text: '', clip: ['ckpt', 1] }),
    lat: node('EmptyLatentImage', { width: size, height: size, batch_size: 1 }),
    comb: node('IPAdapterCombineParams', Object.fromEntries(images.map((_, i) => [`params_${i + 1}`, [`par${i}`, 0]]))),
    ipa: node('IPAdapterFromParams', {
      model: ['load', 0],
      ipadapter: ['load', 1],
      ipadapter_params: ['comb', 0],
      combine_embeds: 'concat',
      embeds_scaling: 'V only',
    }),
    ks: node('KSampler', {
      model: ['ipa', 0],
      seed,
      steps,
      cfg: 7,
      sampler_name: 'euler',
      scheduler: 'normal',
      positive: ['pos', 0],
      negative: ['neg', 0],
      latent_image: ['lat', 0],
      denoise: 1,
    }),
  };
  for (const [i, image] of images.entries()) {
    nodes[`img${i}`] = node('LoadImage', { image });
    nodes[`prep${i}`] = node('PrepImageForClipVision', {
      image: [`img${i}`, 0],
      interpolation: 'LANCZOS',
      crop_position: 'center',
      sharpening: 0,
    });
    nodes[`par${i}`] = node('IPAdapterRegionalConditioning', {
      image: [`prep${i}`, 0],
      image_weight: weights[i],
      prompt_weight: 1,
      weight_type: 'linear',
      start_at: 0,
      end_at: 1,
    });
  }
  return nodes;
}

function node(class_type: string, inputs: Record<string, unknown>): Nodes[string] {
  return { class_type, inputs };
}
