import type { MissingModel, ReduxFiles } from './comfyuiEngine.ts';

/** The pack of nodes that weighs images for SD 1.5 and SDXL, and the classes of it that the built-in graph uses. */
export const adapterPack = {
  missing: {
    file: 'ComfyUI_IPAdapter_plus',
    folder: 'custom_nodes',
    source: 'github.com/cubiq/ComfyUI_IPAdapter_plus',
  },
  classes: [
    'IPAdapterUnifiedLoader',
    'IPAdapterFromParams',
    'IPAdapterRegionalConditioning',
    'IPAdapterCombineParams',
    'PrepImageForClipVision',
  ],
} as const satisfies { missing: MissingModel; classes: readonly string[] };

/** A file that can be had, and the names by which a server's files are taken for it. */
interface KnownFile {
  readonly missing: MissingModel;
  readonly pattern: RegExp;
}

const adapters = 'huggingface.co/h94/IP-Adapter';

/** The patterns are those of the pack's unified loader, which finds its files by name. */
function adapterFile(name: string, pattern: RegExp, folder = 'models'): KnownFile {
  const missing = { file: `${name}.safetensors`, folder: 'models/ipadapter', source: `${adapters} (${folder})` };
  return { missing, pattern };
}

/** The image encoders of the IP-Adapter. In their repository, both are called `model.safetensors`. */
const visionFiles = {
  H: {
    missing: {
      file: 'CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors',
      folder: 'models/clip_vision',
      source: `${adapters} (models/image_encoder/model.safetensors)`,
    },
    pattern: /ViT.H.14.*s32B.b79K|ipadapter.*sd15|sd1.?5.*model\.(?:bin|safetensors)/i,
  },
  G: {
    missing: {
      file: 'CLIP-ViT-bigG-14-laion2B-39B-b160k.safetensors',
      folder: 'models/clip_vision',
      source: `${adapters} (sdxl_models/image_encoder/model.safetensors)`,
    },
    pattern: /ViT.bigG.14.*39B.b160k|ipadapter.*sdxl|sdxl.*model\.(?:bin|safetensors)/i,
  },
} as const satisfies Record<string, KnownFile>;

interface Preset {
  readonly name: string;
  readonly vision: keyof typeof visionFiles;
  readonly sd15: KnownFile;
  /** Undefined if there is none for SDXL. */
  readonly sdxl?: KnownFile;
}

/** The presets of the unified loader, by their exact names. */
const presets: readonly Preset[] = [
  {
    name: 'PLUS (high strength)',
    vision: 'H',
    sd15: adapterFile('ip-adapter-plus_sd15', /ip.adapter.plus.sd15\.(?:safetensors|bin)$/i),
    sdxl: adapterFile('ip-adapter-plus_sdxl_vit-h', /plus.sdxl.vit.h\.(?:safetensors|bin)$/i, 'sdxl_models'),
  },
  {
    name: 'STANDARD (medium strength)',
    vision: 'H',
    sd15: adapterFile('ip-adapter_sd15', /ip.adapter.sd15\.(?:safetensors|bin)$/i),
    sdxl: adapterFile('ip-adapter_sdxl_vit-h', /ip.adapter.sdxl.vit.h\.(?:safetensors|bin)$/i, 'sdxl_models'),
  },
  {
    name: 'VIT-G (medium strength)',
    vision: 'G',
    sd15: adapterFile('ip-adapter_sd15_vit-G', /sd15.vit.g\.(?:safetensors|bin)$/i),
    sdxl: adapterFile('ip-adapter_sdxl', /ip.adapter.sdxl\.(?:safetensors|bin)$/i, 'sdxl_models'),
  },
  {
    name: 'LIGHT - SD1.5 only (low strength)',
    vision: 'H',
    sd15: adapterFile('ip-adapter_sd15_light', /sd15.light(?:.v11)?\.(?:safetensors|bin)$/i),
  },
  {
    name: 'PLUS FACE (portraits)',
    vision: 'H',
    sd15: adapterFile('ip-adapter-plus-face_sd15', /plus.face.sd15\.(?:safetensors|bin)$/i),
    sdxl: adapterFile('ip-adapter-plus-face_sdxl_vit-h', /plus.face.sdxl.vit.h\.(?:safetensors|bin)$/i, 'sdxl_models'),
  },
  {
    name: 'FULL FACE - SD1.5 only (portraits stronger)',
    vision: 'H',
    sd15: adapterFile('ip-adapter-full-face_sd15', /full.face.sd15\.(?:safetensors|bin)$/i),
  },
];

/** Model files of a server by kind, as its nodes name them. */
export interface InstalledFiles {
  readonly adapters: readonly string[];
  readonly clipVision: readonly string[];
  readonly styleModels: readonly string[];
  readonly clips: readonly string[];
  readonly vaes: readonly string[];
}

/** What each preset, of those that the server's loader offers, lacks. */
export function presetReports(offered: readonly string[], installed: InstalledFiles) {
  return presets
    .filter(({ name }) => offered.includes(name))
    .flatMap(({ name, vision, sd15, sdxl }) => {
      const report = (family: 'sd15' | 'sdxl', adapter: KnownFile) => ({
        name,
        family,
        missing: [...lacking(adapter, installed.adapters), ...lacking(visionFiles[vision], installed.clipVision)],
      });
      return [report('sd15', sd15), ...(sdxl ? [report('sdxl', sdxl)] : [])];
    });
}

const fluxFiles = {
  styleModel: {
    missing: {
      file: 'flux1-redux-dev.safetensors',
      folder: 'models/style_models',
      source: 'huggingface.co/black-forest-labs/FLUX.1-Redux-dev',
    },
    pattern: /redux/i,
  },
  clipVision: {
    missing: {
      file: 'sigclip_vision_patch14_384.safetensors',
      folder: 'models/clip_vision',
      source: 'huggingface.co/Comfy-Org/sigclip_vision_384',
    },
    pattern: /sigc?lip/i,
  },
  clip: {
    missing: {
      file: 'clip_l.safetensors',
      folder: 'models/text_encoders',
      source: 'huggingface.co/comfyanonymous/flux_text_encoders',
    },
    pattern: /clip.?l\b|ViT.L.14/i,
  },
  t5: {
    missing: {
      file: 't5xxl_fp8_e4m3fn.safetensors',
      folder: 'models/text_encoders',
      source: 'huggingface.co/comfyanonymous/flux_text_encoders',
    },
    pattern: /(?<!um)t5.?xxl/i,
  },
  vae: {
    missing: {
      file: 'ae.safetensors',
      folder: 'models/vae',
      source: 'huggingface.co/black-forest-labs/FLUX.1-schnell',
    },
    pattern: /(?:^|[\\/])ae\.|flux.*(?:vae|ae\b)/i,
  },
} as const satisfies Record<string, KnownFile>;

/** The files that a mix with Flux and Redux uses. */
export function reduxFiles(installed: InstalledFiles): ReduxFiles {
  const first = (names: readonly string[], { pattern, missing }: KnownFile) =>
    names.find((name) => pattern.test(name)) ?? missing;
  return {
    styleModel: first(installed.styleModels, fluxFiles.styleModel),
    clipVision: first(installed.clipVision, fluxFiles.clipVision),
    clip: first(installed.clips, fluxFiles.clip),
    t5: first(installed.clips, fluxFiles.t5),
    vae: first(installed.vaes, fluxFiles.vae),
  };
}

function lacking({ missing, pattern }: KnownFile, names: readonly string[]): readonly MissingModel[] {
  return names.some((name) => pattern.test(name)) ? [] : [missing];
}
