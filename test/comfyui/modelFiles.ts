/** The names of model files by folder. */
export type ModelFiles = Readonly<Record<string, readonly string[]>>;

/** What the unified loader knows a checkpoint as. It tells them apart by the name; a real one reads the file. */
export type Architecture = 'sd15' | 'sdxl' | 'other';

/** One file of every kind that the stand-in's nodes can use, under its usual name. */
export const defaultModels: ModelFiles = {
  checkpoints: ['sd_xl_base_1.0.safetensors', 'v1-5-pruned-emaonly.safetensors'],
  clip_vision: [
    'CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors',
    'CLIP-ViT-bigG-14-laion2B-39B-b160k.safetensors',
    'sigclip_vision_patch14_384.safetensors',
  ],
  ipadapter: [
    'ip-adapter-plus_sd15.safetensors',
    'ip-adapter-plus_sdxl_vit-h.safetensors',
    'ip-adapter_sd15.safetensors',
    'ip-adapter_sdxl.safetensors',
    'ip-adapter_sdxl_vit-h.safetensors',
  ],
  diffusion_models: ['flux1-dev.safetensors'],
  text_encoders: ['clip_l.safetensors', 't5xxl_fp8_e4m3fn.safetensors'],
  vae: ['ae.safetensors'],
  style_models: ['flux1-redux-dev.safetensors'],
  upscale_models: ['RealESRGAN_x2plus.pth'],
  background_removal: ['birefnet.safetensors'],
  loras: [],
};

/** The architecture that a checkpoint's name suggests. */
export function architectureOf(name: string): Architecture {
  if (/flux|sd3|sd_3/i.test(name)) return 'other';
  return /xl/i.test(name) ? 'sdxl' : 'sd15';
}

interface PresetFiles {
  readonly sd15: string;
  /** Undefined if the preset doesn't exist for SDXL. */
  readonly sdxl: string | undefined;
  readonly clipVision: 'H' | 'G';
}

/** The presets of the unified loader, with the patterns it looks for. `.` is any character. */
const presetFiles: Readonly<Record<string, PresetFiles>> = {
  'LIGHT - SD1.5 only (low strength)': { sd15: 'sd15.light(.v11)?', sdxl: undefined, clipVision: 'H' },
  'STANDARD (medium strength)': { sd15: 'ip.adapter.sd15', sdxl: 'ip.adapter.sdxl.vit.h', clipVision: 'H' },
  'VIT-G (medium strength)': { sd15: 'sd15.vit.g', sdxl: 'ip.adapter.sdxl', clipVision: 'G' },
  'PLUS (high strength)': { sd15: 'ip.adapter.plus.sd15', sdxl: 'plus.sdxl.vit.h', clipVision: 'H' },
  'PLUS FACE (portraits)': { sd15: 'plus.face.sd15', sdxl: 'plus.face.sdxl.vit.h', clipVision: 'H' },
  'FULL FACE - SD1.5 only (portraits stronger)': { sd15: 'full.face.sd15', sdxl: undefined, clipVision: 'H' },
};

export const presets = Object.keys(presetFiles);

const clipVisionFiles = {
  H: '(ViT.H.14.*s32B.b79K|ipadapter.*sd15|sd1.?5.*model)',
  G: '(ViT.bigG.14.*39B.b160k|ipadapter.*sdxl|sdxl.*model)',
};

/**
 * The files that the unified loader uses for a preset.
 *
 * @throws Error with the loader's own message if one isn't there.
 */
export function filesOfPreset(
  preset: string,
  architecture: Architecture,
  models: ModelFiles,
): { ipadapter: string; clipVision: string } {
  const files = presetFiles[preset];
  // Like the pack, the loader takes everything that isn't SDXL for SD1.5.
  const pattern = architecture === 'sdxl' ? files?.sdxl : files?.sd15;
  if (!files || pattern === undefined) throw new Error(`Preset ${preset} is not available for SDXL.`);
  const clipVision = find(models.clip_vision, clipVisionFiles[files.clipVision]);
  if (clipVision === undefined) throw new Error('ClipVision model not found.');
  const ipadapter = find(models.ipadapter, pattern);
  if (ipadapter === undefined) throw new Error('IPAdapter model not found.');
  return { ipadapter, clipVision };
}

function find(names: readonly string[] | undefined, pattern: string): string | undefined {
  const expression = new RegExp(`${pattern}\\.(safetensors|bin)$`, 'i');
  return names?.find((name) => expression.test(name));
}
